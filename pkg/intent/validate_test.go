package intent

import (
	"slices"
	"strings"
	"testing"
)

// good is an intent with nothing wrong in it.
func good() Intent {
	return Intent{
		Namespace: "redis", Host: "redis.example.com", Ports: []Port{{6379, ProtocolTCP}}, CA: CA{Kind: CAPath, Name: "/etc/certs/ca.crt"},
	}.Complete()
}

func pairSecret(i *Intent) {
	i.Mode, i.Workload = ModeMutual, map[string]string{"app": "x"}
	i.CA, i.Certificate = CA{Kind: CASecret, Name: "pair"}, KeyPair{Kind: PairSecret, Name: "pair", ServiceAccounts: []string{"default"}}
}

func wild(i *Intent) {
	i.Host, i.SNI, i.SANs, i.Resolution, i.Ports = "*.example.com", "", nil, ResolutionNone, []Port{{80, ProtocolHTTP}}
}

// Every refusal names the field and says the flag or the way out; the want words
// are the ones a reader needs.
func TestValidate(t *testing.T) {
	tests := map[string]struct {
		edit func(*Intent)
		want []string // parts of the message; none is no error
	}{
		"good": {func(*Intent) {}, nil},
		"good secret": {func(i *Intent) {
			i.CA = CA{Kind: CASecret, Name: "redis-ca"}
			i.Workload = map[string]string{"app": "x"}
		}, nil},
		"good configmap": {func(i *Intent) { i.CA = CA{Kind: CAConfigMap, Name: "redis.ca.1"} }, nil},
		"good system":    {func(i *Intent) { i.CA = CA{Kind: CASystem} }, nil},
		"good static": {func(i *Intent) {
			i.Resolution, i.Endpoints, i.Addresses = ResolutionStatic, []string{"10.0.0.1", "fd00::1"}, []string{"10.0.0.0/24"}
		}, nil},
		"good names":         {func(i *Intent) { i.SANs = []string{"redis.example.com", "10.0.0.1", "spiffe://x/ns/a/sa/b"} }, nil},
		"good everywhere":    {func(i *Intent) { i.ExportTo = []string{"*"} }, nil},
		"good own namespace": {func(i *Intent) { i.ExportTo, i.Workload = []string{"redis"}, map[string]string{"app": "x"} }, nil},
		"good fingerprint":   {func(i *Intent) { i.CA.Fingerprints = []string{strings.Repeat("0a", 32)} }, nil},

		"zero":          {func(i *Intent) { *i = Intent{} }, []string{"name (--name)", "namespace (-n)", "recipe", "mode", "host", "ports", "sni", "subjectAltNames", "ca.kind", "exportTo", "resolution"}},
		"name":          {func(i *Intent) { i.Name = "Redis" }, []string{"name (--name)", `"Redis"`}},
		"name too long": {func(i *Intent) { i.Name = strings.Repeat("a", 64) }, []string{"name (--name)"}},
		"namespace":     {func(i *Intent) { i.Namespace = "a/b" }, []string{"namespace (-n)"}},
		"recipe":        {func(i *Intent) { i.Recipe = "tight" }, []string{`recipe: "tight"`, "valid are origination, egress, strict"}},
		"mutual":        {func(i *Intent) { i.Mode = ModeMutual }, []string{"client certificate"}},
		"good mutual path": {func(i *Intent) {
			i.Mode, i.Certificate = ModeMutual, KeyPair{Kind: PairPath, Name: "/etc/c.crt", Key: "/etc/c.key"}
		}, nil},
		"good mutual secret": {func(i *Intent) { pairSecret(i) }, nil},
		"simple with a pair": {func(i *Intent) { pairSecret(i); i.Mode = ModeSimple }, []string{"mode", "that is MUTUAL"}},
		"pair, no pods":      {func(i *Intent) { pairSecret(i); i.Workload = nil }, []string{"workload (--workload)", "--client-cert-path"}},
		"pair, other CA":     {func(i *Intent) { pairSecret(i); i.CA.Name = "other" }, []string{"ca (--ca-file)", "from nowhere else"}},
		"pair, CA in a file": {func(i *Intent) { pairSecret(i); i.CA = CA{Kind: CAPath, Name: "/etc/ca.crt"} }, []string{"ca (--ca-file)"}},
		"pair with a key":    {func(i *Intent) { pairSecret(i); i.Certificate.Key = "/etc/key" }, []string{"certificate.key"}},
		"pair -cacert":       {func(i *Intent) { pairSecret(i); i.Certificate.Name = "x-cacert" }, []string{"for its CA only"}},
		"pair, name":         {func(i *Intent) { pairSecret(i); i.Certificate.Name = "A" }, []string{"certificate.name"}},
		"pair, print":        {func(i *Intent) { pairSecret(i); i.Certificate.Fingerprint = "A" }, []string{"certificate.fingerprint"}},
		"pair, account":      {func(i *Intent) { pairSecret(i); i.Certificate.ServiceAccounts = []string{"a", "a"} }, []string{"certificate.serviceAccounts"}},
		"pair, kind":         {func(i *Intent) { pairSecret(i); i.Certificate.Kind = "file" }, []string{"valid are path and secret"}},
		"pair, no kind":      {func(i *Intent) { i.Certificate.Name = "x" }, []string{"certificate.kind"}},
		"pair path, CA secret": {func(i *Intent) {
			pairSecret(i)
			i.Certificate = KeyPair{Kind: PairPath, Name: "/etc/c.crt", Key: "/etc/c.key"}
		}, []string{"ca.kind (--ca-path)", "both from files"}},
		"pair path, relative": {func(i *Intent) {
			i.Mode, i.Certificate = ModeMutual, KeyPair{Kind: PairPath, Name: "c.crt", Key: "/etc/~c.key"}
		}, []string{"certificate.name (--client-cert-path)", "certificate.key (--client-key-path)"}},
		"pair path, account": {func(i *Intent) {
			i.Mode, i.Certificate = ModeMutual, KeyPair{Kind: PairPath, Name: "/c.crt", Key: "/c.key", ServiceAccounts: []string{"a"}}
		}, []string{"need no right"}},
		"role":               {func(i *Intent) { i.Role = RoleClient }, []string{"belongs to recipe mutual"}},
		"service":            {func(i *Intent) { i.Service = "x" }, []string{"behind a gateway"}},
		"wildcard, HTTP":     {func(i *Intent) { wild(i) }, nil},
		"wildcard, DNS":      {func(i *Intent) { wild(i); i.Resolution = ResolutionDNS }, []string{"use NONE"}},
		"wildcard, sni":      {func(i *Intent) { wild(i); i.SNI = "a.example.com" }, []string{"one SNI"}},
		"wildcard, all":      {func(i *Intent) { wild(i); i.Host = "*" }, []string{"must be *. and a DNS name"}},
		"mode":               {func(i *Intent) { i.Mode = "simple" }, []string{"valid are SIMPLE and MUTUAL"}},
		"host address":       {func(i *Intent) { i.Host = "10.1.2.3" }, []string{"host (HOST:PORT)", "is an address", "--resolution STATIC"}},
		"host wildcard":      {func(i *Intent) { i.Host = "*.example.com" }, []string{"wildcard", "each host by its name"}},
		"host short":         {func(i *Intent) { i.Host = "redis" }, []string{"no dot", "full name"}},
		"host upper":         {func(i *Intent) { i.Host = "Redis.example.com" }, []string{"lower case"}},
		"host trailing dot":  {func(i *Intent) { i.Host = "redis.example.com." }, []string{"trailing dot"}},
		"host part":          {func(i *Intent) { i.Host = "redis_1.example.com" }, []string{`"redis_1"`}},
		"host service":       {func(i *Intent) { i.Host = "db.shop.svc.cluster.local" }, []string{"Service of the cluster"}},
		"no ports":           {func(i *Intent) { i.Ports = nil }, []string{"at least one port"}},
		"port zero":          {func(i *Intent) { i.Ports[0].Number = 0 }, []string{"ports[0].number", "1 to 65535"}},
		"port twice":         {func(i *Intent) { i.Ports = append(i.Ports, i.Ports[0]) }, []string{"ports[1].number", "twice"}},
		"protocol":           {func(i *Intent) { i.Ports[0].Protocol = "REDIS" }, []string{"--protocol", "valid are tcp, http, http2, grpc"}},
		"tls in tls":         {func(i *Intent) { i.Ports[0] = Port{443, ProtocolHTTPS} }, []string{"speaks TLS itself", "--protocol"}},
		"tls in tls, tcp":    {func(i *Intent) { i.Ports[0].Protocol = ProtocolTLS }, []string{"speaks TLS itself"}},
		"no sni":             {func(i *Intent) { i.SNI = "" }, []string{"sni (--sni)", "HTTP only"}},
		"sni address":        {func(i *Intent) { i.SNI = "10.0.0.1" }, []string{"sni (--sni)", "RFC 6066"}},
		"sni wildcard":       {func(i *Intent) { i.SNI = "*.example.com" }, []string{"wildcards are not allowed"}},
		"sni without san":    {func(i *Intent) { i.SANs = nil }, []string{"subjectAltNames (--san)", "checks no name at all"}},
		"san wildcard":       {func(i *Intent) { i.SANs = []string{"*.example.com"} }, []string{"exactly"}},
		"san empty":          {func(i *Intent) { i.SANs = []string{""} }, []string{"subjectAltNames"}},
		"san twice":          {func(i *Intent) { i.SANs = []string{"a.b", "a.b"} }, []string{"twice"}},
		"secret, no pods":    {func(i *Intent) { i.CA = CA{Kind: CASecret, Name: "x"} }, []string{"workload (--workload)", "stays plain", "ConfigMap"}},
		"secret suffix":      {func(i *Intent) { i.CA = CA{Kind: CASecret, Name: "x-cacert"}; i.Workload = map[string]string{"a": "b"} }, []string{`give it as "x"`}},
		"secret, no name":    {func(i *Intent) { i.CA = CA{Kind: CASecret}; i.Workload = map[string]string{"a": "b"} }, []string{"ca.name (--ca-secret)"}},
		"configmap name":     {func(i *Intent) { i.CA = CA{Kind: CAConfigMap, Name: "a/b"} }, []string{"ca.name (--ca-configmap)"}},
		"path relative":      {func(i *Intent) { i.CA.Name = "system" }, []string{"absolute path"}},
		"path tilde":         {func(i *Intent) { i.CA.Name = "/etc/~ca.crt" }, []string{"~", "never be delivered"}},
		"path dots":          {func(i *Intent) { i.CA.Name = "/etc/../ca.crt" }, []string{"plain path"}},
		"system with name":   {func(i *Intent) { i.CA = CA{Kind: CASystem, Name: "x"} }, []string{"no name"}},
		"ca kind":            {func(i *Intent) { i.CA.Kind = "file" }, []string{"valid are path, system, secret, configmap"}},
		"fingerprint":        {func(i *Intent) { i.CA.Fingerprints = []string{"AB"} }, []string{"64 lower-case hex"}},
		"workload label":     {func(i *Intent) { i.Workload = map[string]string{"a b": "c"} }, []string{"workload (--workload)", `"a b"`}},
		"no export":          {func(i *Intent) { i.ExportTo = nil }, []string{"exportTo (--export-to)", "default"}},
		"export unknown":     {func(i *Intent) { i.ExportTo = []string{"~"} }, []string{`"~"`, `"."`}},
		"export mixed":       {func(i *Intent) { i.ExportTo = []string{"*", "a"} }, []string{"everyone"}},
		"export twice":       {func(i *Intent) { i.ExportTo = []string{".", "redis"} }, []string{"twice"}},
		"export of selector": {func(i *Intent) { i.ExportTo, i.Workload = []string{"*"}, map[string]string{"a": "b"} }, []string{"keeps such a rule in its own namespace"}},
		"resolution":         {func(i *Intent) { i.Resolution = "dns" }, []string{"DNS, DNS_ROUND_ROBIN, STATIC, NONE"}},
		"address":            {func(i *Intent) { i.Addresses = []string{"x"} }, []string{"addresses (--address)"}},
		"address range":      {func(i *Intent) { i.Addresses = []string{"10.0.0.0/8"} }, []string{"NONE or STATIC"}},
		"static, nothing":    {func(i *Intent) { i.Resolution = ResolutionStatic }, []string{"endpoints (--endpoint)", "at least one"}},
		"static, name":       {func(i *Intent) { i.Resolution, i.Endpoints = ResolutionStatic, []string{"a.b"} }, []string{"no IP address"}},
		"none, endpoint":     {func(i *Intent) { i.Resolution, i.Endpoints = ResolutionNone, []string{"10.0.0.1"} }, []string{"no meaning"}},
		"round robin, two":   {func(i *Intent) { i.Resolution, i.Endpoints = ResolutionDNSRoundRobin, []string{"a.b", "c.d"} }, []string{"takes one endpoint"}},
		"dns, bad endpoint":  {func(i *Intent) { i.Endpoints = []string{"a b"} }, []string{`"a b"`}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			i := good()
			i.Ports = slices.Clone(i.Ports)
			tt.edit(&i)
			err := i.Validate()
			if tt.want == nil {
				if err != nil {
					t.Errorf("want no error, got %v", err)
				}
				return
			}
			if err == nil {
				t.Fatal("want an error, got none")
			}
			for _, part := range tt.want {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("want %q in: %v", part, err)
				}
			}
		})
	}
}
