package report

import (
	"slices"
	"strings"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/check"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// withheld stands in the place of a command that would hand foreign text to a
// shell.
const withheld = "(no command is shown: a name in it holds characters that a shell acts on)"

// mostFoul bounds the names that every command is searched for.
const mostFoul = 100

// foulNames are the names of secrets, and of the pod, that a shell would act on, as they stand in
// commands. They are few, if any; the secrets may be thousands, and the commands too.
func foulNames(p *facts.Proxy) []string {
	var out []string
	if p == nil {
		return nil
	}
	for _, name := range []string{p.Target.Pod, p.Target.Namespace, p.Node.Workload} {
		if !plainWord(name) {
			out = append(out, name)
		}
	}
	for _, s := range p.Secrets {
		if !plainWord(s.Name) {
			out = append(out, strings.TrimSuffix(s.Name[strings.LastIndexByte(s.Name, '/')+1:], "-cacert"))
		}
	}
	return out
}

// pasteable gives the fix of a finding, unless a name that it was made of could
// make a shell do something else: names in a dump are not bound by Kubernetes'
// rules.
func pasteable(foul []string, f check.Finding) string {
	switch {
	case f.Fix == "":
		return ""
	case !plainWord(strings.ReplaceAll(f.Cluster, "|", "")), !plainWord(f.Object), len(foul) > mostFoul:
		return withheld
	case slices.ContainsFunc(foul, func(name string) bool { return strings.Contains(f.Fix, name) }):
		return withheld
	}
	return f.Fix
}

// plainWord tells whether a shell takes a name as it is. "~" and "*" inside a
// word are harmless: SDS names have the one, wildcard hosts the other.
func plainWord(s string) bool {
	for _, r := range s {
		if r > 0x7e || r < ' ' || strings.ContainsRune("`$;&<>(){}[]|\\\"'!#?^", r) {
			return false
		}
	}
	return !strings.HasPrefix(s, "-") && !strings.Contains(s, " -")
}
