package check

import "strings"

// notShell gives what of a fix that begins with a command is meant for a person, and is not behind a #: it is pasted.
func notShell(fix string) string {
	command, _, _ := strings.Cut(fix, " # ")
	if first, _, _ := strings.Cut(command, " "); first != "kubectl" && first != "istioctl" {
		return ""
	}
	for _, words := range []string{": ", ", ", "? ", "; then", "; does", "; see", "; look", " and "} {
		if strings.Contains(command+" ", words) {
			return words
		}
	}
	return ""
}
