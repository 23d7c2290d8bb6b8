package conflict

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/check"
)

// tlsOnce: where applications speak TLS to a port themselves, TLS of the sidecar goes
// around it, and the server finds TLS where it expects HTTP. Somebody's ServiceEntry
// that names the port HTTPS or TLS tells of such applications, and so do connections that
// live sidecars let pass to it.
func tlsOnce() *Conflict {
	return &Conflict{
		ID: "MT037", Name: "tls-once",
		Doc: "nobody is known to speak TLS already to the port where the plan puts TLS",
		Find: func(in Input) []check.Finding {
			if !toHost(in.Intent) || in.Intent.Subset != "" || in.Intent.ThroughGateway() { // a gateway has no application
				return nil
			}
			var out []check.Finding
			for _, s := range in.There.Services {
				if s.Owner == in.Intent.Name && s.Object.Namespace == in.Intent.Namespace || !slices.Contains(s.Hosts, in.Intent.Host) ||
					!in.seen(s.Object, s.ExportTo) {
					continue
				}
				for _, p := range s.Ports {
					word := strings.ToUpper(p.Protocol)
					if word != "HTTPS" && word != "TLS" || !slices.Contains(in.Intent.TLSPorts(), p.Number) {
						continue
					}
					out = append(out, in.twice(s.Object.String(), p.Number, word))
				}
			}
			for _, s := range in.Speakers {
				out = append(out, warn(s.Pod, fmt.Sprintf("%s speaks to %s:%d by itself: its sidecar let %d connections pass; if that is HTTPS, it gets TLS inside TLS with the plan, and fails",
					s.Pod, in.Intent.Host, in.Intent.TLSPort, s.Connections), leaveAlone))
			}
			return out
		},
	}
}

const leaveAlone = "use --form targetport (all workloads) or --subset NAME, which leave the port alone"

func (in Input) twice(object string, port int, word string) check.Finding {
	fix := "let the applications speak plain text there, or leave this port alone"
	if in.Intent.Leads() {
		fix = leaveAlone
	}
	return fail(object, fmt.Sprintf("%s says that applications speak %s to %s:%d themselves; with the plan it gets TLS inside TLS, and fails", object, word, in.Intent.Host, port), fix)
}
