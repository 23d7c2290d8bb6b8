//go:build e2e

package e2e

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// several are intents in one file, of two namespaces.
type several struct {
	*suite
	one, two string // namespaces
	file     string
}

// intents writes the file: a host in one namespace, whose rule of somebody else is taken over, and another host and a
// policy in the other.
func (s *several) intents(t *testing.T, more string) {
	t.Helper()
	s.file = write(t, filepath.Join(s.work, "intents.yaml"), fmt.Appendf(nil, `apiVersion: mesh-tls.io/v1alpha1
kind: MeshTLS
metadata: {name: killed, namespace: %s}
spec: {recipe: origination, host: first.e2e.example.internal, ports: [{number: 16998, protocol: TCP}], workload: {app: none}, ca: {kind: system}}
---
apiVersion: mesh-tls.io/v1alpha1
kind: MeshTLS
metadata: {name: second, namespace: %s}
spec: {recipe: egress, host: second.e2e.example.internal, ports: [{number: 80, protocol: HTTP}], form: targetport, ca: {kind: system}}
%s`, s.one, s.two, more))
}

func newSeveral(t *testing.T, purpose string) *several {
	t.Helper()
	s := newSuite(t)
	x := &several{suite: s, one: s.namespace(t, purpose+"-one", true), two: s.namespace(t, purpose+"-two", true)}
	x.apply(t, fmt.Sprintf(`apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: theirs, namespace: %s, labels: {team: payments}, annotations: {note: "kept as it is"}}
spec:
  hosts: [first.e2e.example.internal]
  exportTo: ["."]
  location: MESH_EXTERNAL
  resolution: DNS
  ports: [{number: 16998, name: redis, protocol: TCP}]
`, x.one))
	return x
}

// both are the objects of both namespaces, without the journals.
func (s *several) both(t *testing.T) map[string]any {
	t.Helper()
	out := map[string]any{}
	for _, namespace := range []string{s.one, s.two} {
		for name, object := range s.withoutJournal(t, namespace) {
			if !strings.Contains(name, "mesh-tls-journal") {
				out[namespace+" "+name] = object
			}
		}
	}
	return out
}

func (s *several) journals(t *testing.T) string {
	t.Helper()
	return s.kube(t, "get", "configmaps", "-A", "-l", "mesh-tls.io/journal in (killed,second)", "-o", "name")
}

// TestFileKilled proves that a file of intents is one change: a plugin that is killed after any of its writes leaves
// what status shows as one unfinished change, and undo of either name takes all of it back, byte for byte.
func TestFileKilled(t *testing.T) {
	s := newSeveral(t, "killed")
	s.intents(t, "")
	g := newGate(t)
	before := s.both(t)
	names := []string{"killed -n " + s.one, "second -n " + s.two}
	for _, n := range []int{1, 2, 3, 5, 7, 9} { // the journals, the objects, the first of each two marks
		what := s.killed(t, g, n, true, "enable", "-f", s.file, "--adopt", "--wait=false")
		if what == "" {
			t.Fatalf("only %d writes were seen", n-1)
		}
		where := fmt.Sprintf("killed after write %d (%s)", n, what)
		t.Log(where)
		r := s.plugin(t, "status", "-n", s.one, "-o", "json")
		both := n > 1 && strings.Contains(s.journals(t), "second")
		if strings.Contains(s.journal(t, s.one), `\"step\":\"appl`) && !strings.Contains(r.out, fmt.Sprintf("of 2 intents: %s/killed, %s/second", s.one, s.two)) {
			t.Errorf("%s: status does not show one change of both\n%s", where, r)
		}
		name := strings.Fields(names[0])
		if both && n%2 == 0 {
			name = strings.Fields(names[1])
		}
		must(t, s.plugin(t, append([]string{"undo"}, name...)...), 0)
		if diff := cmp.Diff(before, s.both(t)); diff != "" {
			t.Errorf("%s, undone: not as before (-before +after)\n%s", where, diff)
		}
		if got := s.journals(t); got != "" {
			t.Errorf("%s, undone: journals are left: %s", where, got)
		}
	}
	must(t, s.plugin(t, "enable", "-f", s.file, "--adopt"), 0)
	_ = s.killed(t, g, 3, true, "undo", "second", "-n", s.two)
	must(t, s.plugin(t, "undo", "second", "-n", s.two), 0)
	if diff := cmp.Diff(before, s.both(t)); diff != "" {
		t.Errorf("the whole, undone by an undo that was killed and another: not as before (-before +after)\n%s", diff)
	}
	t.Logf("proves: killed after each write of an enable of a file, one undo of either name puts both namespaces back")
}

// TestFileRefused proves that a write that the API server refuses in the middle takes back what was written before it,
// of the intent before too, and leaves no journal.
func TestFileRefused(t *testing.T) {
	s := newSeveral(t, "refused")
	s.intents(t, "")
	g := newGate(t)
	before := s.both(t)
	for _, n := range []int{2, 4, 6} { // the second journal; the second object of the first intent, and of the second
		g.arm(n, false)
		g.deny = true
		r := s.through(t, g).plugin(t, "enable", "-f", s.file, "--adopt", "--wait=false")
		if r.code != 1 || !strings.Contains(r.err, "refused by the gate") || n == 6 && !strings.Contains(r.err, "taken back ServiceEntry "+s.one+"/theirs configured") {
			t.Errorf("write %d is refused: want exit code 1 and the reason\n%s", n, r)
		}
		if diff := cmp.Diff(before, s.both(t)); diff != "" {
			t.Errorf("write %d is refused: not as before (-before +after)\n%s", n, diff)
		}
		if got := s.journals(t); got != "" {
			t.Errorf("write %d is refused: journals are left: %s", n, got)
		}
	}
	t.Logf("proves: a write that is refused takes back all that the file had made before it")
}

// TestFileConflicts proves that intents of one file are judged together: what one makes is in the way of the other
// before it is there, and nothing is written of either.
func TestFileConflicts(t *testing.T) {
	s := newSeveral(t, "file")
	before := s.both(t)
	for _, c := range []struct{ name, more, says string }{
		{"the same host", "---\napiVersion: mesh-tls.io/v1alpha1\nkind: MeshTLS\nmetadata: {name: third, namespace: " + s.two + "}\n" +
			"spec: {recipe: egress, host: second.e2e.example.internal, ports: [{number: 8080, protocol: HTTP}], form: targetport, ca: {kind: system}}\n",
			"MT032 (rule-wins): DestinationRule " + s.two + "/third is already there for host second.e2e.example.internal"},
		{"the same port", "---\napiVersion: mesh-tls.io/v1alpha1\nkind: MeshTLS\nmetadata: {name: third, namespace: " + s.one + "}\n" +
			"spec: {recipe: origination, host: third.e2e.example.internal, ports: [{number: 16998, protocol: TCP}], ca: {kind: system}}\n",
			"MT035 (port-free): port 16998 is TCP"},
		{"the same scope", "---\napiVersion: mesh-tls.io/v1alpha1\nkind: MeshTLS\nmetadata: {name: p1, namespace: " + s.two + "}\nspec: {recipe: strict}\n" +
			"---\napiVersion: mesh-tls.io/v1alpha1\nkind: MeshTLS\nmetadata: {name: p2, namespace: " + s.two + "}\nspec: {recipe: strict}\n", "p1 (" + filepath.Join(s.work, "intents.yaml") + ":11"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s.intents(t, c.more)
			r := s.plugin(t, "enable", "-f", s.file, "--adopt")
			if r.code != 1 || !strings.Contains(r.err, c.says) || !strings.Contains(r.err, "nothing was written") {
				t.Errorf("want exit code 1 and %q\n%s", c.says, r)
			}
		})
	}
	if diff := cmp.Diff(before, s.both(t)); diff != "" || s.journals(t) != "" {
		t.Errorf("something was written (-before +after)\n%s%s", diff, s.journals(t))
	}
	t.Logf("proves: conflicts between the intents of a file end it before anything is written")
}

// TestFileTakenBack proves that a file of which one intent fails is taken back whole, the intent that was good
// included, and that with both good one undo takes both back.
func TestFileTakenBack(t *testing.T) {
	f := newField(t, "onefile")
	x, y := f.newSite(t, 85, "onefile", "secret"), f.newSite(t, 86, "otherfile", "secret")
	for _, site := range []*site{x, y} {
		must(t, f.plugin(t, "disable", site.name, "-n", f.namespace, "--yes"), 0)
	}
	before := f.withoutJournal(t, f.namespace)
	doc := func(site *site, ca string) string {
		return fmt.Sprintf("---\napiVersion: mesh-tls.io/v1alpha1\nkind: MeshTLS\nmetadata: {name: %s, namespace: %s}\n"+
			"spec: {recipe: origination, host: %s, ports: [{number: %d, protocol: TCP}], workload: {app: client}, files: {caFile: %s}}\n", site.name, f.namespace, site.host, site.port, ca)
	}
	lines := map[string]int{x.host: 5, y.host: 10} // of spec, where the host stands
	file := write(t, filepath.Join(f.work, "wanted.yaml"), []byte(doc(x, f.right.file)+doc(y, f.right.file)))
	f.placed(t, file, false, lines)
	f.policyReported(t, file, true)
	enable := func(ca string) result {
		file := write(t, filepath.Join(f.work, "both.yaml"), []byte(doc(x, f.right.file)+doc(y, ca)))
		return f.plugin(t, "enable", "-f", file)
	}
	r := enable(f.wrong.file)
	if r.code != 1 || !strings.Contains(r.err, "MT013") || !strings.Contains(r.err, "the change was taken back") || strings.Count(r.err, "taken back ServiceEntry") != 2 {
		t.Errorf("want exit code 1, MT013, and both taken back\n%s", r)
	}
	if diff := cmp.Diff(before, f.withoutJournal(t, f.namespace)); diff != "" {
		t.Errorf("taken back: not as before (-before +after)\n%s", diff)
	}
	if r = must(t, enable(f.right.file), 0); !strings.Contains(r.err, "verified   OK") || !strings.Contains(r.err, "(2 of 2 sidecars)") {
		t.Errorf("want one verdict on both\n%s", r)
	}
	x.healthy(t, "both good")
	y.healthy(t, "both good")
	f.placed(t, file, true, lines)
	f.policyReported(t, file, false)
	must(t, f.plugin(t, "undo", y.name, "-n", f.namespace), 0)
	if diff := cmp.Diff(before, f.withoutJournal(t, f.namespace)); diff != "" {
		t.Errorf("undo of one name: not as before (-before +after)\n%s", diff)
	}
	t.Logf("proves: of a file nothing stays when one intent fails, and one undo takes all of it back")
}
