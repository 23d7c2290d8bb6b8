package envoy

import (
	"bufio"
	"context"
	"io"
	"net/netip"
	"strconv"
	"strings"
)

// ReadPassed asks a sidecar which connections it let pass as they came, because it knows no
// host of that address: by address and port, how many were made. Its PassthroughCluster has
// a host for each (istio: pkg/networking/core/cluster.go, buildDefaultPassthroughCluster) and
// forgets it some seconds after the last connection ended (envoy: original_dst_cluster.cc,
// cleanup_interval), so what nobody uses now is not in the answer.
func ReadPassed(ctx context.Context, g Getter) (map[netip.AddrPort]uint64, error) {
	out := map[netip.AddrPort]uint64{}
	return out, answer(ctx, g, "/clusters", func(r io.Reader) error {
		return lines(bufio.NewReader(r), func(line string) error {
			rest, passed := strings.CutPrefix(line, "PassthroughCluster::")
			address, value, counted := strings.Cut(rest, "::cx_total::")
			if !passed || !counted {
				return nil
			}
			at, err := netip.ParseAddrPort(address)
			n, bad := strconv.ParseUint(strings.TrimSpace(value), 10, 64)
			if err == nil && bad == nil && n > 0 {
				out[netip.AddrPortFrom(at.Addr().Unmap(), at.Port())] = n
			}
			return nil
		})
	})
}
