package host

import (
	"slices"
	"strings"
)

// MountsBelow lists the mount points in one of the directories or below, those
// mounted last first. mounts is the content of /proc/self/mounts, where
// blanks and some other bytes are written in octal.
func MountsBelow(mounts string, dirs ...string) []string {
	octal := strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`)
	var found []string
	for _, line := range strings.Split(mounts, "\n") {
		f := strings.Fields(line)
		if len(f) < 2 {
			continue
		}
		at := octal.Replace(f[1])
		for _, d := range dirs {
			if at == d || strings.HasPrefix(at, d+"/") {
				found = append(found, at)
			}
		}
	}
	slices.Reverse(found)
	return found
}
