package intent

import (
	"slices"
	"strings"
	"testing"
)

// bank is the client's end of mutual TLS, entry the gateway's.
func bank() Intent {
	return Intent{
		Recipe: RecipeMutual, Role: RoleClient, Namespace: "client", Host: "bank.example.com", Ports: []Port{{80, ProtocolHTTP}},
		CA: CA{Kind: CAPath, Name: "/etc/tls/ca.crt"}, Certificate: KeyPair{Kind: PairPath, Name: "/etc/tls/tls.crt", Key: "/etc/tls/tls.key"},
	}
}

func entry() Intent {
	return Intent{
		Recipe: RecipeMutual, Role: RoleGateway, Namespace: "istio-ingress", Host: "bank.example.com", Ports: []Port{{80, ProtocolHTTP}},
		Workload: map[string]string{"istio": "ingress"}, SANs: []string{"client.example.com"}, Service: "hello.sample.svc.cluster.local", ServicePort: 5000,
	}
}

func TestValidateMutual(t *testing.T) {
	tests := map[string]struct {
		i    Intent
		edit func(*Intent)
		want string // "" is no error
	}{
		"client":                 {bank(), func(*Intent) {}, ""},
		"client, subset":         {bank(), func(i *Intent) { i.Subset = "tls-origination" }, ""},
		"client, target port":    {bank(), func(i *Intent) { i.Form = FormTargetPort }, ""},
		"client, subset without": {bank(), func(i *Intent) { i.Form, i.Subset = FormTargetPort, "x" }, "needs form virtualservice"},
		"client, subset's name":  {bank(), func(i *Intent) { i.Subset = "X" }, "subset (--subset)"},
		"client, no pair":        {bank(), func(i *Intent) { i.Certificate = KeyPair{} }, "needs a client certificate"},
		"client, simple":         {bank(), func(i *Intent) { i.Mode = "SIMPLE"; i.Certificate = KeyPair{} }, "needs a client certificate"},
		"client, service":        {bank(), func(i *Intent) { i.ServicePort = 1 }, "role gateway"},
		"client, wildcard":       {bank(), func(i *Intent) { i.Host = "*.example.com" }, "cannot be led to another"},
		"role":                   {bank(), func(i *Intent) { i.Role = "server" }, "valid are client and gateway"},
		"no role":                {bank(), func(i *Intent) { i.Role = "" }, "valid are client and gateway"},
		"egress, subset":         {web(), func(i *Intent) { i.Subset, i.Form = "x", FormVirtualService }, ""},
		"gateway":                {entry(), func(*Intent) {}, ""},
		"gateway, no plain port": {entry(), func(i *Intent) { i.Ports = nil }, ""},
		"gateway, anybody":       {entry(), func(i *Intent) { i.SANs, i.AnyClient = nil, true }, ""},
		"gateway, nobody said":   {entry(), func(i *Intent) { i.SANs = nil }, "--allow-any-client"},
		"gateway, both said":     {entry(), func(i *Intent) { i.AnyClient = true }, "leave one of the two out"},
		"gateway, san":           {entry(), func(i *Intent) { i.SANs = []string{"*.x.y"} }, "(--allow-san)"},
		"gateway, wildcard":      {entry(), func(i *Intent) { i.Host = "*.example.com" }, "wildcard"},
		"gateway, star":          {entry(), func(i *Intent) { i.Host = "*" }, "wildcard"},
		"gateway, files":         {entry(), func(i *Intent) { i.Certificate = bank().Certificate }, "--credential"},
		"gateway, accounts":      {entry(), func(i *Intent) { i.Certificate = KeyPair{Kind: PairSecret, Name: "x", ServiceAccounts: []string{"a"}} }, "leave them out"},
		"gateway, other CA":      {entry(), func(i *Intent) { i.CA = CA{Kind: CASecret, Name: "y"} }, "from nowhere else"},
		"gateway, no pods":       {entry(), func(i *Intent) { i.Workload = nil }, "workload (--gateway)"},
		"gateway, label":         {entry(), func(i *Intent) { i.Workload = map[string]string{"a b": "c"} }, "workload (--gateway)"},
		"gateway, port":          {entry(), func(i *Intent) { i.TLSPort = 80 }, "other than the TLS port"},
		"gateway, tls port":      {entry(), func(i *Intent) { i.TLSPort = -1 }, "tlsPort (--tls-port)"},
		"gateway, two ports":     {entry(), func(i *Intent) { i.Ports = append(i.Ports, Port{81, ProtocolHTTP}) }, "at most one port"},
		"gateway, service":       {entry(), func(i *Intent) { i.Service = "hello" }, "service (--to-service)"},
		"gateway, service port":  {entry(), func(i *Intent) { i.ServicePort = 0 }, "servicePort (--to-service)"},
		"gateway, export":        {entry(), func(i *Intent) { i.ExportTo = []string{"*"} }, "gateway's namespace only"},
		"gateway, subset":        {entry(), func(i *Intent) { i.Subset = "x" }, "no SNI to send"},
		"gateway, print":         {entry(), func(i *Intent) { i.CA = CA{Kind: CASecret, Name: "bank-example-com", Fingerprints: []string{"x"}} }, "ca.fingerprints"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			i := tt.i
			tt.edit(&i)
			err := i.Complete().Validate()
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

// What is filled in, and where verify looks.
func TestCompleteMutual(t *testing.T) {
	client, gateway := bank().Complete(), entry().Complete()
	if client.Form != FormVirtualService || client.Mode != ModeMutual || client.TLSPort != 443 || client.SNI != client.Host || !slices.Equal(client.TLSPorts(), []int{443}) {
		t.Errorf("client: %+v", client)
	}
	if gateway.SNI != "" || gateway.TLSPort != 443 || gateway.Certificate.Name != "bank-example-com" || gateway.CA.Name != "bank-example-com" || gateway.TLSPorts() != nil {
		t.Errorf("gateway: %+v", gateway)
	}
	one := good()
	one.Mode, one.Certificate = "", KeyPair{Kind: PairPath, Name: "/a", Key: "/b"}
	if got := one.Complete(); got.Mode != ModeMutual {
		t.Errorf("a certificate makes origination %s", got.Mode)
	}
	any := Intent{Host: "*.example.com", Ports: []Port{{80, ProtocolHTTP}}}.Complete()
	if any.SNI != "" || any.SANs != nil || any.Resolution != ResolutionNone || any.Name == "" {
		t.Errorf("wildcard: %+v", any)
	}
}

// A protocol that starts TLS by itself is refused by port and by name, and the way out
// is named; the user may say that this server takes TLS from the first byte.
func TestStartTLS(t *testing.T) {
	for port, want := range map[int]string{5432: "sslmode=verify-full", 3306: "VERIFY_IDENTITY", 25: "mail server", 587: "(465)", 389: "(636)"} {
		if _, err := DefaultProtocol(port); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "--protocol tcp") {
			t.Errorf("port %d: %v", port, err)
		}
		if StartTLSName(port) == "" {
			t.Errorf("port %d has no name", port)
		}
	}
	for word, want := range map[string]string{"postgres": "sslmode", "PostgreSQL": "sslmode", "mysql": "ssl-mode", "smtp": "STARTTLS", "mariadb": "ssl-mode"} {
		if _, err := ParseProtocol(word); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", word, err)
		}
	}
	if StartTLSName(6379) != "" {
		t.Error("Redis takes TLS from the first byte")
	}
}

func TestParseHostPorts(t *testing.T) {
	for in, want := range map[string]struct {
		host  string
		ports []int
		err   string
	}{
		"a.b":            {"a.b", nil, ""},
		"a.b:1":          {"a.b", []int{1}, ""},
		"a.b:1,2,65535":  {"a.b", []int{1, 2, 65535}, ""},
		"[::1]:1,2":      {"::1", []int{1, 2}, ""},
		"a.b:":           {"", nil, "a port is needed"},
		"a.b:1,":         {"", nil, `port ""`},
		"a.b:1,x":        {"", nil, `port "x"`},
		"a.b,c.d":        {"", nil, "a port is needed"},
		"":               {"", nil, "is empty"},
		"https://a.b":    {"", nil, "URL"},
		"a.b:1,99999999": {"", nil, "65535"},
	} {
		host, ports, err := ParseHostPorts(in)
		if host != want.host || !slices.Equal(ports, want.ports) || (err == nil) != (want.err == "") || err != nil && !strings.Contains(err.Error(), want.err) {
			t.Errorf("%q: %q %v %v, want %+v", in, host, ports, err, want)
		}
	}
}
