package cli

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/check"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/kube"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/probe"
)

// Bounds of probing: a handshake with every endpoint of every upstream would be
// a scan, not a check.
const (
	maxProbes        = 16 // upstreams of one proxy
	maxProbeAddress  = 8  // endpoints of one upstream
	probeParallelism = 4
	probeTimeout     = 8 * time.Second
)

// handshake keeps what hinders the tool apart from what hinders the traffic: a
// missing right to exec, an image without a shell, or a busy API server says nothing of the server.
func handshake(ctx context.Context, d *kube.Dialer, r probe.Request) facts.Handshake {
	w := &watched{Dialer: d}
	h := probe.Handshake(ctx, w, r)
	if w.err != nil && (errors.Is(w.err, kube.ErrForbidden) || errors.Is(w.err, kube.ErrNoTool) || errors.Is(w.err, kube.ErrNotInPod)) {
		h.Failure = facts.FailureInternal
		h.ErrorText = fmt.Sprintf("no connection could be made from the pod's network: %v", w.err)
	}
	return h
}

// watched keeps the error of dialling.
type watched struct {
	*kube.Dialer
	err error
}

func (w *watched) Dial(ctx context.Context, address string) (net.Conn, error) {
	conn, err := w.Dialer.Dial(ctx, address)
	w.err = err
	return conn, err
}

func probeRequests(in check.Input, always bool) []probe.Request {
	var out []probe.Request
	n := 0
	for _, s := range check.Subjects(in) {
		sockets := s.TLSSockets()
		if !s.Meant || s.Serving() == nil || len(sockets) == 0 || n >= maxProbes {
			continue
		}
		k := sockets[0]
		if !s.Serving().External && (k.Validation.CA.Name == "ROOTCA" || (!always && s.Intent == nil)) {
			continue
		}
		n++
		for _, a := range probeAddresses(s) {
			own := s.SocketsTo(a)
			if len(own) == 0 {
				continue // this endpoint gets plaintext, which MT002 tells
			}
			k, offer := own[0], check.OfferOf(in.Proxy, own[0])
			name, known := sniOf(in, s, k)
			if !known {
				continue // a server may choose its certificate, or refuse, by the name
			}
			out = append(out, probe.Request{Cluster: s.Cluster, Address: a, SNI: name, ALPN: k.ALPN, MaxTLS: tlsVersion(offer.MaxTLS), Ciphers: offer.Ciphers, Curves: offer.Curves})
		}
	}
	return out
}

// sniOf is the name that the sidecar sends: its own, or with auto SNI the Host header, which for a client of this host is
// the host. It is not known of calls to a wildcard.
func sniOf(in check.Input, s check.Subject, k facts.Socket) (name string, known bool) {
	if k.SNI == "" && s.Serving().AutoSNI && s.Serving().Protocol == facts.ProtocolHTTP {
		name = in.NameOf(s)
		return name, name != ""
	}
	return k.SNI, true
}

// probeAddresses are those of the endpoints, as far as another than the sidecar can dial them: a socket in its own files
// is none. Where they are not known the host's name may lead there, except where Istio gives the addresses.
func probeAddresses(s check.Subject) []string {
	var out []string
	for _, e := range s.Serving().Endpoints {
		_, port, err := net.SplitHostPort(e.Address)
		if _, odd := strconv.ParseUint(port, 10, 16); err == nil && odd == nil && len(out) < maxProbeAddress {
			out = append(out, e.Address)
		}
	}
	if u := s.Serving(); len(out) == 0 && !u.EndpointsKnown && u.Type != "EDS" && s.Host != "" && s.Port > 0 {
		out = append(out, net.JoinHostPort(s.Host, strconv.Itoa(s.Port)))
	}
	return out
}

// tlsVersion translates Envoy's spelling; 0 leaves it to crypto/tls. A probe begins at
// the oldest version: what an old server speaks is a fact, and MT013 judges it.
func tlsVersion(s string) uint16 {
	switch s {
	case "TLSv1_0":
		return tls.VersionTLS10
	case "TLSv1_1":
		return tls.VersionTLS11
	case "TLSv1_2":
		return tls.VersionTLS12
	case "TLSv1_3":
		return tls.VersionTLS13
	}
	return 0
}
