package intent

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// outward is an egress intent whose clients in namespace shop take a gateway of namespace egress.
func outward() Intent {
	i := web()
	i.Namespace, i.ExportTo = "egress", []string{"shop"}
	i.Through = Through{Service: "gw.egress.svc.cluster.local", Port: 443, Workload: map[string]string{"istio": "egressgateway"}, Identities: []string{"spiffe://cluster.local/ns/egress/sa/gw"}}
	return i
}

// What a gateway on the way needs, and what does not go with one.
func TestValidateThrough(t *testing.T) {
	for name, tt := range map[string]struct {
		edit func(*Intent)
		want string // "" is no error
	}{
		"good":           {func(*Intent) {}, ""},
		"some clients":   {func(i *Intent) { i.Workload = map[string]string{"app": "x"} }, ""},
		"CA of a Secret": {func(i *Intent) { i.CA = CA{Kind: CASecret, Name: "ca"} }, ""},
		"certificate of a Secret": {func(i *Intent) {
			i.CA = CA{Kind: CASecret, Name: "c"}
			i.Certificate = KeyPair{Kind: PairSecret, Name: "c"}
		}, ""},
		"no clients":               {func(i *Intent) { i.ExportTo = nil }, "exportTo"},
		"namespace of the clients": {func(i *Intent) { i.Namespace = "shop" }, "its own namespace, egress"},
		"short name":               {func(i *Intent) { i.Through.Service = "gw" }, "full name of a Service"},
		"no port":                  {func(i *Intent) { i.Through.Port = 0 }, "through.port"},
		"no labels":                {func(i *Intent) { i.Through.Workload = nil }, "labels of the gateway's pods"},
		"no identity":              {func(i *Intent) { i.Through.Identities = nil }, "stand in for the gateway"},
		"no SPIFFE ID":             {func(i *Intent) { i.Through.Identities = []string{"gw.egress"} }, "no identity of the mesh"},
		"identity twice":           {func(i *Intent) { i.Through.Identities = append(i.Through.Identities, i.Through.Identities[0]) }, "stands twice"},
		"targetport":               {func(i *Intent) { i.Form = FormTargetPort }, "form virtualservice"},
		"subset":                   {func(i *Intent) { i.Subset = "tls" }, "no other subset"},
		"accounts":                 {func(i *Intent) { i.Certificate.ServiceAccounts = []string{"x"} }, "leave them out"},
		"origination":              {func(i *Intent) { i.Recipe, i.Form = RecipeOrigination, "" }, "belongs to recipe egress"},
		"strict":                   {func(i *Intent) { *i = Intent{Name: "x", Namespace: "shop", Recipe: RecipeStrict, Through: i.Through} }, "belongs to recipe egress"},
		"half a gateway":           {func(i *Intent) { i.Through.Service = "" }, "the rest of the gateway is not"},
	} {
		t.Run(name, func(t *testing.T) {
			i := outward()
			tt.edit(&i)
			err := i.Complete().Validate()
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

// Each proxy on the way has its own cluster, and both know which host the calls are for.
func TestHops(t *testing.T) {
	whole := outward().Complete()
	hops := whole.Hops()
	if len(hops) != 2 || !hops[0].LeadsToGateway() || hops[1].LeadsToGateway() || whole.LeadsToGateway() {
		t.Fatalf("%+v", hops)
	}
	to, from := hops[0], hops[1]
	if to.Host != whole.Through.Service || to.Subset != whole.Name || to.SNI != whole.Host || to.Target() != whole.Host || to.Mode != ModeIstioMutual || to.CA.Kind != CAUnset {
		t.Errorf("to the gateway: %+v", to)
	}
	if diff := cmp.Diff(whole.Through.Identities, to.SANs); diff != "" {
		t.Errorf("the gateway's identity: %s", diff)
	}
	if from.Host != whole.Host || from.Mode != whole.Mode || cmp.Diff(whole.Through.Workload, from.Workload) != "" || cmp.Diff([]string{ExportHere}, from.ExportTo) != "" {
		t.Errorf("from the gateway: %+v", from)
	}
	if one := web().Complete(); cmp.Diff([]Intent{one}, one.Hops()) != "" || one.LeadsToGateway() {
		t.Error("without a gateway an intent is its own hop")
	}
}
