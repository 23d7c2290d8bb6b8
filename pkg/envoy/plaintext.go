package envoy

import (
	"bufio"
	"context"
	"io"
	"regexp"
	"strconv"
	"strings"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// Counters of what came in: Envoy's per inbound HTTP port and of the listener that
// takes all of it, and Istio's by caller. Most meshes export the last only (istio
// pkg/bootstrap/config.go, the prefixes that proxies keep).
const (
	inboundStats = `^(http\.inbound_[^;]*;?\.downstream_cx(_ssl)?_total|listener\..*_15006\.(downstream_cx_total|ssl\.handshake))$`
	callerStats  = `istio_requests_total|istio_tcp_connections_opened_total`
)

var (
	portStat   = regexp.MustCompile(`^http\.inbound_[^;]*_(\d+);?\.downstream_cx(_ssl)?_total$`)
	allStat    = regexp.MustCompile(`^listener\..*_15006\.(downstream_cx_total|ssl\.handshake)$`)
	callerLine = regexp.MustCompile(`^istio_(?:requests_total|tcp_connections_opened_total)\{(.*)\} (\d+)`)
	labelPair  = regexp.MustCompile(`([a-z_]+)="([^"]*)"`)
)

// ReadPlaintext asks a sidecar what it counted of connections without TLS. Counters that
// it does not export are nil in the answer; the error is for one that cannot be asked.
func ReadPlaintext(ctx context.Context, g Getter) (facts.Plaintext, error) {
	var out facts.Plaintext
	total, tls := map[int]uint64{}, map[int]uint64{}
	var all, handshakes *uint64
	err := answer(ctx, g, "/stats?filter="+escape(inboundStats), func(r io.Reader) error {
		return lines(bufio.NewReader(r), func(line string) error {
			name, text, _ := strings.Cut(line, ": ")
			value, err := strconv.ParseUint(text, 10, 64)
			if err != nil {
				return nil
			}
			if m := portStat.FindStringSubmatch(name); m != nil {
				port, _ := strconv.Atoi(m[1])
				if m[2] != "" {
					tls[port] += value
				} else {
					total[port] += value
				}
			} else if m := allStat.FindStringSubmatch(name); m != nil && m[1] == "ssl.handshake" {
				handshakes = &value
			} else if m != nil {
				all = &value
			}
			return nil
		})
	})
	if err != nil {
		return out, err
	}
	for port, n := range total {
		if with, known := tls[port]; known {
			if out.Ports == nil {
				out.Ports = map[int]uint64{}
			}
			out.Ports[port] = n - min(n, with)
		}
	}
	if all != nil && handshakes != nil {
		n := *all - min(*all, *handshakes)
		out.All = &n
	}
	return out, callers(ctx, g, &out)
}

// callers adds the requests and connections that came in without TLS, by the caller
// that Istio's metrics name ("unknown" for one without a sidecar).
func callers(ctx context.Context, g Getter, out *facts.Plaintext) error {
	return answer(ctx, g, "/stats/prometheus?filter="+escape(callerStats), func(r io.Reader) error {
		return lines(bufio.NewReader(r), func(line string) error {
			m := callerLine.FindStringSubmatch(line)
			if m == nil {
				return nil
			}
			labels := map[string]string{}
			for _, pair := range labelPair.FindAllStringSubmatch(m[1], -1) {
				labels[pair[1]] = pair[2]
			}
			if labels["reporter"] != "destination" {
				return nil
			}
			if out.Sources == nil {
				out.Sources = map[string]uint64{}
			}
			value, err := strconv.ParseUint(m[2], 10, 64)
			if err != nil || labels["connection_security_policy"] != "none" {
				return nil
			}
			who := labels["source_workload"]
			if ns := labels["source_workload_namespace"]; ns != "" && ns != "unknown" {
				who = ns + "/" + who
			}
			out.Sources[who] += value
			return nil
		})
	})
}
