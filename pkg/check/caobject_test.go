package check

import (
	"testing"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// fromSecret lets the healthy input's CA come from a Secret that holds the same.
func fromSecret(in *Input) *facts.CAObject {
	const name = "kubernetes://redis-ca-cacert"
	in.Proxy.Secrets[0].Name, sock(in).Validation.CA.Name = name, name
	rule(in).CA, rule(in).CredName, rule(in).Selector = "", "redis-ca", map[string]string{"app": "redis-client"}
	in.Intents[0].CA.Kind, in.Intents[0].CA.Name = "secret", "redis-ca"
	ca := facts.CAObject{Object: facts.Ref{Kind: "Secret", Namespace: "redis", Name: "redis-ca-cacert"}, Certificates: in.Proxy.Secrets[0].Validation.Inline}
	in.CAs = map[string]facts.CAObject{name: ca}
	return &ca
}

func caObjectCases() []sabotage {
	with := func(do func(t *testing.T, in *Input, ca *facts.CAObject)) func(*testing.T, *Input) {
		return func(t *testing.T, in *Input) {
			ca := fromSecret(in)
			do(t, in, ca)
			in.CAs[sock(in).Validation.CA.Name] = *ca
		}
	}
	return []sabotage{
		{"CA's Secret deleted", with(func(_ *testing.T, _ *Input, ca *facts.CAObject) { ca.Gone, ca.Certificates = true, nil }), "MT024", Warn, "is gone"},
		{"CA's Secret overwritten with garbage", with(func(_ *testing.T, _ *Input, ca *facts.CAObject) { ca.Problem, ca.Certificates = "no PEM block", nil }), "MT024", Warn, "no PEM block"},
		{"CA rotated in the cluster only", with(func(t *testing.T, _ *Input, ca *facts.CAObject) {
			ca.Certificates = []facts.Certificate{newAuthority(t, "redis-ca", now.AddDate(0, 0, -1), now.AddDate(1, 0, 0)).fact(t)}
		}), "MT024", Unknown, "another CA than the object"},
		{"CA added in the cluster only", with(func(t *testing.T, _ *Input, ca *facts.CAObject) {
			ca.Certificates = append([]facts.Certificate{newAuthority(t, "next", now.AddDate(0, 0, -1), now.AddDate(1, 0, 0)).fact(t)}, ca.Certificates...)
		}), "MT024", Unknown, "another CA than the object"},
		{"CA not delivered, object there", with(func(_ *testing.T, in *Input, _ *facts.CAObject) { in.Proxy.Secrets = nil }), "MT024", Unknown, "is not known"},
	}
}

// TestCAObject: the same certificates are OK in any order and number; what may not be
// read, and CAs that are no objects, are not judged.
func TestCAObject(t *testing.T) {
	in := healthy(t)
	ca := fromSecret(&in)
	ca.Certificates = append(ca.Certificates[:1:1], ca.Certificates[0])
	in.CAs[sock(&in).Validation.CA.Name] = *ca
	if fs := Run(All(), in); Worst(fs) != OK || len(byID(fs, "MT024")) != 1 {
		t.Errorf("%+v", pick(fs, func(f Finding) bool { return f.Outcome != OK || f.ID == "MT024" }))
	}
	ca.Unread, ca.Certificates = "forbidden", nil
	in.CAs[sock(&in).Validation.CA.Name] = *ca
	if fs := Run(All(), in); Worst(fs) != OK || len(byID(fs, "MT024")) != 0 {
		t.Errorf("unread: %+v", byID(fs, "MT024"))
	}
}
