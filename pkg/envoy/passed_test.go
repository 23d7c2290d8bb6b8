package envoy

import (
	"context"
	"errors"
	"io"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

type clustersText string

func (c clustersText) Get(_ context.Context, path string) (io.ReadCloser, error) {
	if path != "/clusters" {
		return nil, errors.New("asked for " + path)
	}
	return io.NopCloser(strings.NewReader(string(c))), nil
}

func TestReadPassed(t *testing.T) {
	got, err := ReadPassed(t.Context(), clustersText("PassthroughCluster::observability_name::PassthroughCluster\n"+
		"PassthroughCluster::10.0.0.1:443::cx_active::1\nPassthroughCluster::10.0.0.1:443::cx_total::3\n"+
		"PassthroughCluster::10.0.0.2:443::cx_total::0\nPassthroughCluster::[::ffff:10.0.0.3]:80::cx_total::1\n"+
		"PassthroughCluster::[fd00::1]:443::cx_total::2\nPassthroughCluster::nowhere::cx_total::9\n"+
		"outbound|443||x.example.com::10.0.0.9:443::cx_total::7\nInboundPassthroughCluster::10.0.0.8:443::cx_total::7\n"))
	want := map[netip.AddrPort]uint64{netip.MustParseAddrPort("10.0.0.1:443"): 3, netip.MustParseAddrPort("10.0.0.3:80"): 1, netip.MustParseAddrPort("[fd00::1]:443"): 2}
	if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b netip.AddrPort) bool { return a == b })); diff != "" || err != nil {
		t.Errorf("%v\n%s", err, diff)
	}
}
