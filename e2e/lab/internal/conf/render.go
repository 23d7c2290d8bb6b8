// Package conf renders the configuration files of an instance. It must not
// read or write files: what it returns depends on its arguments only.
package conf

import (
	"fmt"
	"strings"
	"text/template"

	"github.com/mesh-tls/kubectl-mesh-tls/e2e/lab/internal/plan"
)

// BaseImage is the image with a shell and the usual network tools; it is also
// what every pod's sandbox runs.
const BaseImage = "docker.io/lab/base:1"

// Values are what the templates use.
type Values struct {
	plan.Instance
	Run   plan.Run
	CAPEM string // for Kubeconfig only
	Token string // for Kubeconfig only: full rights on this instance
}

// Server is the API server's URL on one of its addresses.
func server(ip string) string { return fmt.Sprintf("https://%s:%d", ip, plan.APIPort) }

// Kubeconfig renders an administrator's kubeconfig that reaches the API server
// at ip. The context is called lab-NAME.
func Kubeconfig(v Values, ip string) string {
	return fill(kubeconfig, map[string]string{
		"Name": "lab-" + v.Name, "Server": server(ip), "CA": encode(v.CAPEM), "Token": v.Token,
	})
}

// Containerd renders containerd's configuration. Its default directories under
// /run, /opt and /var are moved below the instance, so that nothing is left on
// the machine; the shims' sockets stay in a short path because a socket's name
// has at most 108 bytes.
func Containerd(v Values) string { return fill(containerd, v) }

// CNI renders the pods' network: a bridge in the instance's namespace.
func CNI(v Values) string { return fill(cni, v) }

// Kubelet renders the kubelet's configuration.
func Kubelet(v Values) string { return fill(kubelet, v) }

// Corefile renders CoreDNS's configuration: names of the hosts file first,
// then the cluster's own.
func Corefile(v Values) string { return fill(corefile, v) }

// ShimSockets is the short directory for the shims' sockets.
func ShimSockets(i plan.Instance) string { return "/run/" + i.Netns() }

func fill(text string, v any) string {
	var b strings.Builder
	t := template.Must(template.New("").Funcs(template.FuncMap{"base": func() string { return BaseImage }, "shims": ShimSockets}).Parse(text))
	if err := t.Execute(&b, v); err != nil {
		// Only a template that does not fit Values gets here, which no input can cause.
		panic(err)
	}
	return b.String()
}
