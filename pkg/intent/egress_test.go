package intent

import (
	"slices"
	"strings"
	"testing"
)

func web() Intent {
	return Intent{
		Recipe: RecipeEgress, Namespace: "shop", Host: "www.example.com", Ports: []Port{{80, ProtocolHTTP}}, CA: CA{Kind: CASystem},
	}
}

// What egress refuses, with the way out in it.
func TestValidateEgress(t *testing.T) {
	tests := map[string]struct {
		edit func(*Intent)
		want string // "" is no error
	}{
		"good":              {func(*Intent) {}, ""},
		"virtualservice":    {func(i *Intent) { i.Form = FormVirtualService }, ""},
		"for some pods":     {func(i *Intent) { i.Workload = map[string]string{"app": "x"} }, ""},
		"other ports":       {func(i *Intent) { i.Ports[0].Number, i.TLSPort = 8080, 8443 }, ""},
		"form":              {func(i *Intent) { i.Form = "vs" }, "valid are targetport and virtualservice"},
		"targetport, some":  {func(i *Intent) { i.Workload, i.Form = map[string]string{"app": "x"}, FormTargetPort }, "use --form virtualservice"},
		"same port":         {func(i *Intent) { i.TLSPort = 80 }, "use enable origination"},
		"tls port":          {func(i *Intent) { i.TLSPort = -1 }, "tlsPort (--tls-port): -1"},
		"no HTTP":           {func(i *Intent) { i.Ports[0].Protocol = ProtocolTCP }, "plain HTTP"},
		"two ports":         {func(i *Intent) { i.Ports = append(i.Ports, Port{81, ProtocolHTTP}) }, "one port at a time"},
		"no resolution":     {func(i *Intent) { i.Resolution = ResolutionNone }, "never be reached"},
		"origination, form": {func(i *Intent) { i.Recipe, i.Form = RecipeOrigination, FormTargetPort }, "belong to recipe egress"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			i := web()
			tt.edit(&i)
			err := i.Complete().Validate()
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

// The safest form that can do what is asked, and the clusters that carry TLS in it.
func TestTLSPorts(t *testing.T) {
	some := web()
	some.Workload = map[string]string{"app": "x"}
	for name, tt := range map[string]struct {
		i      Intent
		form   Form
		tls    []int
		to     int
		routed bool
	}{
		"all pods":    {web(), FormTargetPort, []int{80}, 0, false},
		"some pods":   {some, FormVirtualService, []int{443}, 443, true},
		"origination": {good(), FormUnset, []int{6379}, 0, false},
	} {
		i := tt.i.Complete()
		to, routed := i.RoutedFrom(80)
		if i.Form != tt.form || !slices.Equal(i.TLSPorts(), tt.tls) || to != tt.to || routed != tt.routed {
			t.Errorf("%s: form %q, TLS on %v, 80 led to %d (%t); want %+v", name, i.Form, i.TLSPorts(), to, routed, tt)
		}
	}
	if _, routed := some.Complete().RoutedFrom(443); routed {
		t.Error("443 itself is led nowhere")
	}
}
