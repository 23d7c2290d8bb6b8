//go:build e2e

package e2e

import (
	"fmt"
	"strings"
	"testing"
)

// outside is a Redis with TLS outside the mesh that both kinds of cluster have: in the lab a process beside the
// cluster with a name in its DNS; elsewhere a pod without a sidecar in a namespace of its own, whose name stands
// in the clients' hosts files.
type outside struct {
	host    string
	port    int
	ca      *authority
	aliases map[string]string // for the clients' pods
	flags   []string          // what enable must be told besides
}

const outsidePort = firstPort - 1

func (s *suite) newOutside(t *testing.T) outside {
	t.Helper()
	o := outside{host: "story.e2e.example.internal", port: outsidePort, ca: newAuthority(t, s.work, "e2e-story-ca", nil, leaf{})}
	if s.lab != "" {
		f := &field{suite: s}
		x := &site{field: f, host: o.host, port: o.port}
		t.Cleanup(func() { x.stop(t) })
		x.serve(t, o.ca, leaf{names: []string{o.host}})
		return o
	}
	namespace := s.namespace(t, "outside", false)
	cert, key := o.ca.issue(t, s.work, leaf{names: []string{o.host}})
	s.kube(t, "create", "secret", "generic", "tls", "-n", namespace, "--from-file=cert.pem="+cert, "--from-file=key.pem="+key)
	s.deploy(t, workload{namespace: namespace, name: "redis", plain: true,
		volumes: "{name: tls, secret: {secretName: tls}}", mounts: "{name: tls, mountPath: /tls}",
		command: fmt.Sprintf("exec redis-server --port 0 --tls-port %d --tls-cert-file /tls/cert.pem --tls-key-file /tls/key.pem --tls-ca-cert-file /tls/cert.pem --tls-auth-clients no --protected-mode no --requirepass %s --save ''", o.port, password)})
	ip := strings.TrimSpace(s.kube(t, "get", "pods", "-n", namespace, "-l", "app=redis", "-o", "jsonpath={.items[0].status.podIP}"))
	o.aliases = map[string]string{o.host: ip}
	o.flags = []string{"--resolution", "STATIC", "--endpoint", ip}
	return o
}
