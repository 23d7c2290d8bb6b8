package cli

import (
	"fmt"
	"strings"
)

// command is a command line of this plugin about one name, for a person to paste: it goes
// to the cluster that this command went to.
func (d *deps) command(verb, name, namespace string) string {
	text := fmt.Sprintf("kubectl mesh-tls %s %s -n %s", verb, name, namespace)
	for _, f := range []struct {
		flag  string
		value *string
	}{{"--context", d.kube.Context}, {"--kubeconfig", d.kube.KubeConfig}} {
		if f.value != nil && *f.value != "" {
			text += " " + f.flag + " " + quoted(*f.value)
		}
	}
	return text
}

// quoted is a word as a shell takes it.
func quoted(s string) string {
	plain := func(r rune) bool {
		return r < 128 && (r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:@%+=,", r))
	}
	if strings.TrimLeftFunc(s, plain) == "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
