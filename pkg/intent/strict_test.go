package intent

import (
	"strings"
	"testing"
)

func strict() Intent { return Intent{Recipe: RecipeStrict, Name: "strict", Namespace: "shop"} }

func TestValidateStrict(t *testing.T) {
	some := map[string]string{"app": "web"}
	tests := map[string]struct {
		edit func(*Intent)
		want string // "" is no error
	}{
		"namespace":       {func(*Intent) {}, ""},
		"mesh":            {func(i *Intent) { i.Mesh = true }, ""},
		"workload, port":  {func(i *Intent) { i.Workload, i.PortModes = some, []PortMode{{8080, InboundPermissive}} }, ""},
		"port, namespace": {func(i *Intent) { i.PortModes = []PortMode{{8080, InboundPermissive}} }, "name the workload"},
		"mesh, workload":  {func(i *Intent) { i.Mesh, i.Workload = true, some }, "leave one of the two out"},
		"port number":     {func(i *Intent) { i.Workload, i.PortModes = some, []PortMode{{0, InboundDisable}} }, "1 to 65535"},
		"port twice":      {func(i *Intent) { i.Workload, i.PortModes = some, []PortMode{{1, InboundDisable}, {1, InboundStrict}} }, "twice"},
		"port mode":       {func(i *Intent) { i.Workload, i.PortModes = some, []PortMode{{1, "OFF"}} }, "valid are STRICT, PERMISSIVE, DISABLE"},
		"host":            {func(i *Intent) { i.Host = "a.b" }, "has no host"},
		"namespace name":  {func(i *Intent) { i.Namespace = "A" }, "namespace (-n)"},
		"other recipe":    {func(i *Intent) { *i = good(); i.PortModes = []PortMode{{1, InboundStrict}} }, "belong to recipe strict"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			i := strict()
			tt.edit(&i)
			err := i.Complete().Validate()
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func TestInboundMode(t *testing.T) {
	i := strict()
	i.PortModes = []PortMode{{8080, InboundDisable}}
	if i.InboundMode(8080) != InboundDisable || i.InboundMode(80) != InboundStrict {
		t.Errorf("8080 %s, 80 %s", i.InboundMode(8080), i.InboundMode(80))
	}
}
