//go:build e2e

package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// bothBack proves that the two ends of one command are one change: whichever fails takes the other with it, and a plugin
// that is killed leaves a journal in each cluster, which status shows there and undo takes back there.
func (b *bank) bothBack(t *testing.T) {
	t.Helper()
	before := [2]string{b.objects(t, b.lab, b.namespace), b.objects(t, peerLab, gatewayNS)}
	same := func(when string) {
		t.Helper()
		if diff := cmp.Diff(before, [2]string{b.objects(t, b.lab, b.namespace), b.objects(t, peerLab, gatewayNS)}); diff != "" {
			t.Errorf("%s: not as before (-before +after)\n%s", when, diff)
		}
	}
	enable := func(ca string, gateway ...string) []string {
		return append([]string{"enable", "mutual", bankHost, "-n", b.namespace, "--ca-path", "/etc/e2e-ca/" + ca + ".pem", "--client-cert-path", "/etc/e2e-ca/client.pem",
			"--client-key-path", "/etc/e2e-ca/client.key", "--gateway-context", "lab-" + peerLab, "--to-service", "helloworld." + b.service + ":5000", "--allow-san", bankClient}, gateway...)
	}
	files := []string{"--cert-file", b.server.cert, "--key-file", b.server.key, "--client-ca-file", b.root.file}
	for _, c := range []struct {
		name string
		args []string
		says string
	}{
		{"the client's end fails", enable("wrong", files...), "MT013"},
		{"the gateway's end fails", enable("root", "--credential", "nosuch", "--ignore", "MT039", "--timeout", "8s"), "nosuch"},
	} {
		r := b.plugin(t, append(c.args, inMesh(b.lab))...)
		if r.code != 1 || !strings.Contains(r.err, c.says) || !strings.Contains(r.err, "the change was taken back") ||
			!strings.Contains(r.err, "taken back Gateway "+gatewayNS) || !strings.Contains(r.err, "taken back DestinationRule "+b.namespace) {
			t.Errorf("%s: want exit code 1, %q, and both ends taken back\n%s", c.name, c.says, r)
		}
		same(c.name)
	}
	g := newGate(t)
	for _, n := range []int{1, 2} { // the client's journal; its first object, when the gateway's end is written
		what := b.killed(t, g, n, true, enable("root", files...)...)
		where := fmt.Sprintf("killed after the client's write %d (%s)", n, what)
		t.Log(where)
		if there := b.objects(t, peerLab, gatewayNS); strings.Contains(there, "gateway.networking.istio.io/"+bankName) != (n == 2) {
			t.Errorf("%s: at the gateway there are\n%s", where, there)
		}
		for _, end := range []struct{ lab, namespace, other string }{
			{b.lab, b.namespace, "in namespace " + gatewayNS + " of context lab-" + peerLab}, {peerLab, gatewayNS, "in namespace " + b.namespace + " of context gate"},
		} {
			r := b.plugin(t, "status", inMesh(end.lab), "-n", end.namespace, "-o", "json")
			if !strings.Contains(r.out, "undo "+bankName+" -n "+end.namespace) || !strings.Contains(r.out, end.other) {
				t.Errorf("%s: status does not show the unfinished change, with %q\n%s", where, end.other, r)
			}
			if r := must(t, b.plugin(t, "undo", bankName, inMesh(end.lab), "-n", end.namespace), 0); !strings.Contains(r.err, end.other) {
				t.Errorf("%s: undo does not name the other end, %q\n%s", where, end.other, r)
			}
		}
		same(where + ", undone")
	}
	t.Logf("proves: both ends of enable mutual are one change: taken back together, and by undo in each cluster after a kill")
}
