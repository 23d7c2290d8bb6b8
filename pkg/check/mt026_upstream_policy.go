package check

import (
	"strings"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// upstreamPolicy: MT026. What a socket may negotiate is judged, not what it did negotiate once: the next server may choose
// otherwise. What a probe saw is told beside it.
func upstreamPolicy() *Check {
	return &Check{
		ID: "MT026", Name: "upstream-tls-policy",
		Doc:   "no connection to the upstream can be of a TLS version, cipher or key exchange that --min-tls and --policy do not take; without them, none before TLS 1.2 and none without encryption",
		Needs: []facts.Fact{facts.FactClusters},
		Applies: func(in Input, s Subject) bool {
			return hasTLSSocket(in, s) && (in.Policy.Set() || isWeak(s.TLSSockets()))
		},
		Upstream: func(in Input, s Subject) []Finding {
			fix := in.meshConfig("tlsDefaults (ciphers, curves); or COMPLIANCE_POLICY of istiod, or an EnvoyFilter on the cluster's tls_params: a DestinationRule cannot say it")
			worst := Finding{Outcome: OK}
			for _, k := range s.TLSSockets() {
				worst = worseOf(worst, weak(k))
			}
			if worst.Outcome == Fail || !in.Policy.Set() {
				worst.Object, worst.Fix, worst.Summary = ruleObject(s), fix, "connections to the upstream "+worst.Summary
				return one(worst)
			}
			var all verdict
			var got string
			for _, k := range s.TLSSockets() {
				v, p := in.Policy.judge(in.Proxy, k, false)
				all.broken, all.unknown = append(all.broken, v.broken...), append(all.unknown, v.unknown...)
				got = "from " + p.min.String() + " to " + p.max.String()
			}
			all.broken, all.unknown = unique(all.broken), unique(all.unknown)
			f := all.finding(in.Policy, ruleObject(s), "connections to the upstream")
			f.Fix = fix
			if f.Outcome == OK {
				f.Got, f.Fix = got, ""
			}
			if seen := probed(in, s); seen != "" {
				f.Got = strings.TrimPrefix(f.Got+"; "+seen, "; ")
			}
			return one(f)
		},
	}
}

// probed tells what a probe with the limits of the socket negotiated.
func probed(in Input, s Subject) string {
	for _, h := range in.Proxy.Handshakes {
		if h.Cluster == s.Cluster && h.Version != "" {
			return "a probe negotiated " + h.Version + " " + h.Cipher + " with " + h.Address
		}
	}
	return ""
}

// finding puts a verdict into words.
func (v verdict) finding(p TLSPolicy, object, what string) Finding {
	f := Finding{Object: object, Want: p.String()}
	switch {
	case len(v.broken) > 0:
		f.Outcome, f.Summary, f.Got = Fail, what+" can be weaker than "+p.String(), strings.Join(v.broken, "; ")
	case len(v.unknown) > 0:
		f.Outcome, f.Summary, f.Got = Unknown, "whether "+what+" keep to "+p.String()+" is not known", strings.Join(v.unknown, "; ")
	default:
		f.Outcome, f.Summary = OK, what+" keep to "+p.String()
	}
	return f
}
