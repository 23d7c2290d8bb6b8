package cluster

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"

	"github.com/mesh-tls/kubectl-mesh-tls/e2e/lab/internal/conf"
	"github.com/mesh-tls/kubectl-mesh-tls/e2e/lab/internal/pki"
)

// files writes everything that the instance's processes read.
func (c Cluster) files() error {
	for _, d := range []string{"pki", "node/pki", "cni", "logs", "pids", "fixtures"} {
		if err := os.MkdirAll(c.Run.Path(d), 0o755); err != nil {
			return err
		}
	}
	ca, err := c.certificates()
	if err != nil {
		return err
	}
	secret := make([]byte, 16)
	rand.Read(secret) // crypto/rand.Read never returns an error
	v := c.values()
	v.CAPEM, v.Token = ca, hex.EncodeToString(secret)
	for name, text := range map[string]string{
		c.Run.Kubeconfig():                 conf.Kubeconfig(v, c.InnerIP()),
		c.Run.InsideKubeconfig():           conf.Kubeconfig(v, c.Node()),
		c.Run.Path("pki/tokens.csv"):       v.Token + ",admin,admin,system:masters\n",
		c.Run.Path("node/containerd.toml"): conf.Containerd(v),
		c.Run.Path("node/kubelet.yaml"):    conf.Kubelet(v),
		c.Run.Path("cni/10-lab.conflist"):  conf.CNI(v),
		c.Run.Path("Corefile"):             conf.Corefile(v),
		c.Run.Hosts():                      c.Node() + " node.lab.internal\n",
	} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			return fmt.Errorf("write the configuration of %s: %w", c.Name, err)
		}
	}
	return nil
}

// certificates makes the cluster's CA, the API server's certificate for every
// address that it is called by, and the key that signs tokens.
func (c Cluster) certificates() (ca string, err error) {
	dir := c.Run.Path("pki")
	at := func(name string) string { return filepath.Join(dir, name) }
	now := c.Now()
	authority, caPair, err := pki.NewCA("lab-"+c.Name, now)
	if err != nil {
		return "", err
	}
	server, err := authority.Issue(pki.Leaf{
		Hosts: []string{"kube-apiserver", "localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc",
			"kubernetes.default.svc.cluster.local", "127.0.0.1", c.InnerIP(), c.Node(), c.ServiceIP()},
		NotBefore: now.AddDate(0, 0, -1), NotAfter: now.AddDate(5, 0, 0),
	})
	if err != nil {
		return "", err
	}
	key, err := pki.RSAKey()
	if err != nil {
		return "", err
	}
	if err := caPair.Write(at("ca.pem"), at("ca.key")); err != nil {
		return "", err
	}
	if err := server.Write(at("apiserver.pem"), at("apiserver.key")); err != nil {
		return "", err
	}
	return string(caPair.Cert), os.WriteFile(at("sa.key"), key, 0o600)
}
