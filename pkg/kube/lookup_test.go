package kube

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"k8s.io/client-go/tools/remotecommand"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

func TestLookup(t *testing.T) {
	says := func(out, errs string, err error) streamFunc {
		return func(_ context.Context, o remotecommand.StreamOptions) error {
			_, _ = o.Stdout.Write([]byte(out))
			_, _ = o.Stderr.Write([]byte(errs))
			return err
		}
	}
	got, err := lookup(t.Context(), says("10.0.0.1      STREAM www\n10.0.0.1      DGRAM\n::ffff:10.0.0.2 STREAM\nfd00::1 STREAM\n", "", nil), "look up")
	if want := []netip.Addr{netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("10.0.0.2"), netip.MustParseAddr("fd00::1")}; err != nil || !slices.Equal(got, want) {
		t.Errorf("%v, %v, want %v", got, err, want)
	}
	if _, err := lookup(t.Context(), says("", "getent: not found", errors.New("exit code 127")), "look up"); err == nil || !strings.Contains(err.Error(), "not found") {
		t.Errorf("without getent: %v", err)
	}
	if _, err := lookup(t.Context(), says("garbage\n", "", nil), "look up"); err == nil {
		t.Error("an answer without an address is taken")
	}
	c := &Client{}
	for _, host := range []string{"-x", "a b", "$(id)", ""} {
		if _, err := c.Lookup(t.Context(), facts.Target{}, host); err == nil {
			t.Errorf("%q goes to the pod", host)
		}
	}
}
