package check

import (
	"strings"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
)

// publicCAs is the secret of the operating system's CAs (istio: pkg/security/security.go, FileRootSystemCACert).
const publicCAs = "file-root:system"

// caSecret is the name of the secret that Istio makes of an intent's CA (istio: pkg/security/security.go,
// pilot/pkg/model/credentials/resource.go); "" where the intent says none. A ConfigMap's has its namespace before it.
func caSecret(it intent.Intent) string {
	switch it.CA.Kind {
	case intent.CAPath:
		return "file-root:" + it.CA.Name
	case intent.CASystem:
		return publicCAs
	case intent.CASecret:
		return "kubernetes://" + it.CA.Name + "-cacert"
	case intent.CAConfigMap:
		return "configmap://" + it.CA.Name + "-cacert"
	}
	if it.LeadsToGateway() {
		return "ROOTCA"
	}
	return ""
}

// fromObject tells whether a secret's name is the one that is wanted, with a namespace in it or without.
func fromObject(have, want string) bool {
	kind, name, object := strings.Cut(want, "://")
	return have == want || object && strings.HasPrefix(have, kind) && strings.HasSuffix(have, "/"+name)
}

// pairSource tells whether a client certificate is where the intent has it; known is false where the intent does not say.
func pairSource(it intent.Intent) (fits func(facts.Source) bool, known bool) {
	c := it.Certificate
	switch {
	case c.Kind == intent.PairPath:
		return func(s facts.Source) bool {
			return s.Kind != facts.SourceSDS || s.Name == "file-cert:"+c.Name+"~"+c.Key
		}, true
	case c.Kind == intent.PairSecret:
		return func(s facts.Source) bool {
			return s.Kind != facts.SourceSDS || fromObject(s.Name, "kubernetes://"+c.Name)
		}, true
	case it.Mode == intent.ModeSimple:
		return func(s facts.Source) bool { return s.Kind == facts.SourceNone || s.Kind == facts.SourceUnknown }, true
	}
	return nil, false
}

func pairWord(it intent.Intent) string {
	if it.Certificate.Kind == intent.PairNone {
		return "none (mode SIMPLE)"
	}
	return it.Certificate.Name
}
