//go:build e2e

package e2e

import (
	"fmt"
	"strings"
	"testing"
)

// TestResolutions proves that each way to find the server ends in TLS that is seen and proven.
func TestResolutions(t *testing.T) {
	f := newField(t, "resolutions")
	for i, resolution := range []string{"DNS", "DNS_ROUND_ROBIN", "STATIC", "NONE"} {
		t.Run(resolution, func(t *testing.T) {
			t.Parallel()
			t.Logf("proves: --resolution %s -> answer, exit code 0, exercised", resolution)
			x := f.newSite(t, 70+i, "by-"+strings.ToLower(strings.ReplaceAll(resolution, "_", "-")), "configmap")
			must(t, x.plugin(t, "disable", x.name, "-n", x.namespace), 0)
			flags := []string{"--resolution", resolution}
			if resolution == "STATIC" {
				flags = append(flags, "--endpoint", x.node(t))
			}
			must(t, x.enable(t, flags...), 0)
			x.healthy(t, resolution)
		})
	}
}

// TestTwoPorts proves that a port beside the one with TLS is judged by itself: asked for the host, verify fails and
// names the port in plaintext, and says OK of the other.
func TestTwoPorts(t *testing.T) {
	f := newField(t, "ports")
	x := f.newSite(t, 78, "ports", "configmap")
	x.healthy(t, "before")
	patchEntry("{ports: [{number: $PORT, name: tcp, protocol: TCP}, {number: 9736, name: tcp-plain, protocol: TCP}]}")(t, x)
	plain := fmt.Sprintf("outbound|9736||%s", x.host)
	var r result
	_, ok := until(proxyTime, func() bool {
		r = x.plugin(t, "verify", "deploy/"+x.client, "-n", x.namespace, "--to", x.host, "-o", "json")
		d := read(t, r)
		good, seen := d.upstream(x.cluster())
		bad, seenToo := d.upstream(plain)
		return r.code == 1 && seen && seenToo && good.Outcome == "OK" && bad.Outcome == "FAIL" && bad.Transport == "plaintext"
	})
	if !ok {
		t.Errorf("exit code %d, want 1, %s OK and %s plaintext\n%s\n%s", r.code, x.cluster(), plain, read(t, r).bad(x.cluster()), read(t, r).bad(plain))
	}
	if r := x.verify(t); r.code != 0 {
		t.Errorf("asked for the port with TLS alone: want exit code 0\n%s", r)
	}
}
