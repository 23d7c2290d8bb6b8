//go:build unix

package check

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// many is the healthy input with n upstreams, each by a rule of its own, their hosts in ServiceEntries of a hundred.
func many(t testing.TB, n int) Input {
	in := healthy(t)
	noProbe(&in)
	u, r, service := *up(&in), *rule(&in), in.Config.Services[0]
	in.Proxy.Upstreams, in.Config.Rules, in.Config.Services, in.Intents = nil, nil, nil, nil
	for i := range n {
		r.Host = fmt.Sprintf("h%05d.example.internal", i)
		r.Object.Name = fmt.Sprintf("h%05d", i)
		u.Host, u.Cluster, u.Rule = r.Host, "outbound|16222||"+r.Host, r.Object
		in.Proxy.Upstreams, in.Config.Rules = append(in.Proxy.Upstreams, u), append(in.Config.Rules, r)
		if i%100 == 0 {
			service.Object.Name, service.Hosts = fmt.Sprintf("g%03d", i/100), nil
			in.Config.Services = append(in.Config.Services, service)
		}
		last := &in.Config.Services[len(in.Config.Services)-1]
		last.Hosts = append(last.Hosts, r.Host)
	}
	return in
}

// TestRunGrowsWithUpstreams proves that the work for one upstream does not grow with the number of the others and of
// their rules: what looks at all of them for each is the square, and was a fifth of a verify of 2,000.
func TestRunGrowsWithUpstreams(t *testing.T) {
	const few, lots, tries = 500, 4000, 3
	small, large := many(t, few), many(t, lots)
	each := func(in Input, n int) time.Duration {
		start := spent(t)
		judged := 0
		Each(All(), in, Subjects(in), func(s *Subject, found []Finding) {
			if s != nil {
				judged++
			}
			if worst := Worst(found); s != nil && worst != OK {
				t.Errorf("%s is %s: %+v", s.Cluster, worst, found)
			}
		})
		if judged != n {
			t.Fatalf("%d upstreams were judged, want %d", judged, n)
		}
		return (spent(t) - start) / time.Duration(n)
	}
	one, other := time.Hour, time.Hour
	for range tries { // the cheapest of some: the collector may work for what was before
		one, other = min(one, each(small, few)), min(other, each(large, lots))
	}
	t.Logf("an upstream among %d took %s, among %d it took %s", lots, other, few, one)
	if other > 3*one {
		t.Error("the work for one upstream grows with the others")
	}
}

// TestRulesOfOthersCostLittle proves that a rule whose host this proxy does not know costs the same among many: most
// rules of a large mesh are of other teams.
func TestRulesOfOthersCostLittle(t *testing.T) {
	const few, lots, tries = 500, 4000, 3
	theirs := func(n int) Input {
		in := many(t, 200)
		in.Void = true
		r := in.Config.Rules[0]
		in.Config.Rules = nil
		for i := range n {
			r.Host, r.Object.Name, r.Object.Namespace, r.Created = fmt.Sprintf("x%05d.example.internal", i), fmt.Sprintf("x%05d", i), in.client().Namespace, now.Add(-time.Hour)
			in.Config.Rules = append(in.Config.Rules, r)
		}
		return in
	}
	small, large := theirs(few), theirs(lots)
	each := func(in Input, n int) time.Duration {
		start := spent(t)
		if told := len(in.void(nil)); told != n {
			t.Fatalf("%d rules are told, want %d", told, n)
		}
		return (spent(t) - start) / time.Duration(n)
	}
	one, other := time.Hour, time.Hour
	for range tries {
		one, other = min(one, each(small, few)), min(other, each(large, lots))
	}
	t.Logf("a rule among %d took %s, among %d it took %s", lots, other, few, one)
	if other > 3*one+10*time.Microsecond {
		t.Error("the work for one rule grows with the others")
	}
}

// spent is the time that this process has computed: a busy machine does not change it much.
func spent(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkRun judges a proxy with 2,000 upstreams and as many rules.
func BenchmarkRun(b *testing.B) {
	in := many(b, 2000)
	b.ReportAllocs()
	for b.Loop() {
		Each(All(), in, Subjects(in), func(*Subject, []Finding) {})
	}
}

// TestSocketsAreLookedUpOnce bounds what judging one upstream leaves behind: a socket is 500 bytes, and checks ask for
// it thirty times.
func TestSocketsAreLookedUpOnce(t *testing.T) {
	in := many(t, 1)
	s := Subjects(in)[0].remembered()
	if n := testing.AllocsPerRun(100, func() { _, _ = s.InEffect(); _ = s.TLSSockets() }); n != 0 {
		t.Errorf("the sockets of a remembered subject took %v allocations", n)
	}
	if sockets, known := s.InEffect(); !known || len(sockets) != 1 || sockets[0].Kind != facts.SocketTLS || len(s.TLSSockets()) != 1 {
		t.Errorf("remembered: %v, %v, TLS %v", sockets, known, s.TLSSockets())
	}
}
