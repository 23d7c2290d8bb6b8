package report

import (
	"strings"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/check"
)

// withheld stands in the place of a command that would hand foreign text to a
// shell.
const withheld = "(no command is shown: a name in it holds characters that a shell acts on)"

// pasteable gives the fix of a finding, unless a name that it was made of could
// make a shell do something else: names in a dump are not bound by Kubernetes'
// rules.
func pasteable(in check.Input, f check.Finding) string {
	if f.Fix == "" {
		return ""
	}
	names := []string{strings.ReplaceAll(f.Cluster, "|", ""), f.Object}
	if in.Proxy != nil {
		for _, s := range in.Proxy.Secrets {
			last := strings.TrimSuffix(s.Name[strings.LastIndexByte(s.Name, '/')+1:], "-cacert")
			if strings.Contains(f.Fix, last) {
				names = append(names, s.Name)
			}
		}
	}
	for _, n := range names {
		if !plainWord(n) {
			return withheld
		}
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
