package cli

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/cli-runtime/pkg/genericclioptions"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
)

// A gateway is named as --to-service is, as NAMESPACE/NAME, or by its name alone.
func TestParseGateway(t *testing.T) {
	type parts struct {
		Name, Namespace string
		Port            int
	}
	for in, want := range map[string]parts{
		"gw":                              {"gw", "", 0},
		"gw.egress":                       {"gw", "egress", 0},
		"gw.egress:8443":                  {"gw", "egress", 8443},
		"egress/gw:8443":                  {"gw", "egress", 8443},
		"gw.egress.svc":                   {"gw", "egress", 0},
		"gw.egress.svc.cluster.local:443": {"gw", "egress", 443},
	} {
		name, namespace, port, err := parseGateway(in)
		if diff := cmp.Diff(want, parts{name, namespace, port}); err != nil || diff != "" {
			t.Errorf("%s: %v %s", in, err, diff)
		}
	}
	for _, in := range []string{"", ":443", "gw:", "gw:0", "gw:https", "gw.egress.example.com", "a/b/c", "/gw", "gw.", ".egress"} {
		if name, namespace, port, err := parseGateway(in); err == nil {
			t.Errorf("%q is taken for %s/%s:%d", in, namespace, name, port)
		}
	}
}

func TestGatewayPort(t *testing.T) {
	service := facts.Service{Object: facts.Ref{Kind: "Service", Namespace: "egress", Name: "gw"}, Ports: []facts.Port{{Number: 80}, {Number: 443}}}
	plain := service
	plain.Ports = service.Ports[:1]
	for name, c := range map[string]struct {
		of   facts.Service
		port int
		want int
		says string
	}{
		"none said":    {service, 0, 443, ""},
		"one said":     {service, 80, 80, ""},
		"not there":    {service, 8443, 0, "does not open port 8443: it opens 80, 443"},
		"no usual one": {plain, 0, 0, "add one as :PORT"},
	} {
		got, err := gatewayPort(c.of, c.port)
		if got != c.want || (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %d, %v", name, got, err)
		}
	}
}

// A second namespace does not take the way from the first one.
func TestWidened(t *testing.T) {
	var said bytes.Buffer
	d := &deps{Streams: Streams{Err: &said}}
	at := func(to ...string) intent.Intent {
		return intent.Intent{Name: "web", ExportTo: to, Through: intent.Through{Service: "gw.egress.svc.cluster.local"}}
	}
	for name, c := range map[string]struct {
		earlier, it intent.Intent
		want        []string
		says        string
	}{
		"the same":   {at("shop"), at("shop"), []string{"shop"}, ""},
		"another":    {at("shop"), at("till"), []string{"shop", "till"}, "namespace shop is kept"},
		"all had it": {at("*"), at("till"), []string{"*"}, "namespace * is kept"},
		"all get it": {at("shop"), at("*"), []string{"*"}, ""},
		"no gateway": {intent.Intent{ExportTo: []string{"shop"}}, intent.Intent{ExportTo: []string{"."}}, []string{"."}, ""},
	} {
		said.Reset()
		if got := widened(d, c.earlier, c.it); cmp.Diff(c.want, got) != "" || !strings.Contains(said.String(), c.says) || c.says == "" && said.Len() > 0 {
			t.Errorf("%s: %q, said %q", name, got, said.String())
		}
	}
	other := at("shop")
	other.Through.Service = ""
	if err := sameKind(&deps{kube: genericclioptions.NewConfigFlags(true)}, other, at("shop")); err == nil || !strings.Contains(err.Error(), "no gateway") {
		t.Errorf("an intent without a gateway becomes one with: %v", err)
	}
}
