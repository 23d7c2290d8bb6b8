package probe

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"net"
	"sync/atomic"
	"time"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// Dialer makes connections to HOST:PORT; pkg/kube's comes from a pod's network.
type Dialer interface {
	Dial(ctx context.Context, address string) (net.Conn, error)
}

// Request is what to send. Only Address and Now are needed.
type Request struct {
	Cluster string // copied to the answer
	Address string // HOST:PORT to connect to
	SNI     string // "" sends no server name at all
	ALPN    []string

	MinTLS, MaxTLS uint16        // of crypto/tls, tls.VersionTLS12; 0: any
	Ciphers        []string      // of TLS 1.2, as Envoy spells them; empty: those of crypto/tls
	Curves         []string      // groups of the key exchange, likewise
	Timeout        time.Duration // of connecting, and of the handshake; 0: DefaultTimeout
	Now            time.Time     // the moment that the answer carries
}

// Bounds of one conversation.
const (
	DefaultTimeout = 10 * time.Second
	// refusalWait is how long to listen, after a TLS 1.3 handshake, for the
	// server's refusal of a missing client certificate: the client's side is
	// complete before the server has seen that there is none (RFC 8446 4.4.2.4).
	refusalWait = 500 * time.Millisecond
)

// Handshake connects, speaks TLS as far as the server's certificate and the end
// of the handshake, and hangs up. The certificates are recorded unverified, as
// the server sent them. It never returns an error: a failed conversation is a
// fact too, told by Failure and ErrorText.
//
// A server that demands a client certificate gets none: its refusal by alert is
// Failure "alert", with AsksCert and the chain filled in. One that only closes
// after a complete handshake is no failure, but ErrorText says so.
func Handshake(ctx context.Context, d Dialer, r Request) facts.Handshake {
	h := facts.Handshake{Cluster: r.Cluster, Address: r.Address, SNI: r.SNI, At: r.Now}
	timeout := r.Timeout
	if timeout <= 0 {
		timeout = DefaultTimeout
	}
	// A connection may live as long as the context it was dialled with (one
	// through a pod does), so only the dialling is timed here.
	dialCtx, hangUp := context.WithCancelCause(ctx)
	defer hangUp(nil)
	late := time.AfterFunc(timeout, func() { hangUp(context.DeadlineExceeded) })
	raw, err := d.Dial(dialCtx, r.Address)
	late.Stop()
	if err != nil {
		h.Failure, h.ErrorText = facts.FailureConnect, plain(err)
		return h
	}
	// Only the raw connection is closed: tls.Conn.Close would try to write once
	// more to a peer that may no longer read.
	defer func() { _ = raw.Close() }()
	shakeCtx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	converse(shakeCtx, raw, r, &h)
	return h
}

func converse(ctx context.Context, raw net.Conn, r Request, h *facts.Handshake) {
	heard := &listener{Conn: raw}
	conn := tls.Client(heard, config(r, h))
	err := conn.HandshakeContext(ctx)
	state := conn.ConnectionState()
	if state.Version != 0 {
		h.Version = tls.VersionName(state.Version)
	}
	if state.CipherSuite != 0 {
		h.Cipher = tls.CipherSuiteName(state.CipherSuite)
	}
	if err != nil {
		h.Failure, h.ErrorText = classify(ctx, err, heard.count())
		return
	}
	if state.Version != tls.VersionTLS13 || !h.AsksCert {
		return
	}
	failure, text := classify(ctx, refusal(ctx, conn), heard.count())
	switch failure {
	case facts.FailureAlert:
		h.Failure, h.ErrorText = failure, text
	case facts.FailureClosed:
		// It may miss a client certificate or anything else that a client says
		// first (HTTP/2 by ALPN): the handshake itself was complete.
		h.ErrorText = "the handshake was complete, then " + text
	}
}

func config(r Request, h *facts.Handshake) *tls.Config {
	lowest := r.MinTLS
	if lowest == 0 {
		lowest = tls.VersionTLS10 // crypto/tls starts at 1.2 by itself; what an old server speaks is a fact
	}
	return &tls.Config{
		ServerName: r.SNI, NextProtos: r.ALPN, MinVersion: lowest, MaxVersion: r.MaxTLS,
		CipherSuites: known(r.Ciphers, ciphers), CurvePreferences: known(r.Curves, curves),
		InsecureSkipVerify: true, // recorded here, judged by pkg/check
		VerifyPeerCertificate: func(chain [][]byte, _ [][]*x509.Certificate) error {
			for _, der := range chain {
				if c, err := facts.ParseDER(der); err == nil {
					h.Chain = append(h.Chain, c)
				}
			}
			return nil
		},
		GetClientCertificate: func(info *tls.CertificateRequestInfo) (*tls.Certificate, error) {
			h.AsksCert, h.AsksFor = true, subjects(info.AcceptableCAs)
			return &tls.Certificate{}, nil
		},
	}
}

// subjects reads the names of CAs as a server sends them.
func subjects(names [][]byte) []string {
	var out []string
	for _, der := range names {
		var sequence pkix.RDNSequence
		var name pkix.Name
		if _, err := asn1.Unmarshal(der, &sequence); err == nil {
			name.FillFromRDNSequence(&sequence)
			out = append(out, name.String())
		}
	}
	return out
}

// refusal listens shortly for the alert that a TLS 1.3 server sends when it
// wants a client certificate and got none. Silence, or data, means that the
// server goes on without.
func refusal(ctx context.Context, conn *tls.Conn) error {
	done := make(chan error, 1)
	go func() {
		_, err := conn.Read(make([]byte, 1))
		done <- err
	}()
	timer := time.NewTimer(refusalWait)
	defer timer.Stop()
	select {
	case err := <-done:
		return err
	case <-timer.C:
	case <-ctx.Done():
	}
	// The reader is let go by a deadline in the past; by closing where the
	// connection has no deadlines.
	if conn.SetReadDeadline(time.Unix(1, 0)) != nil {
		_ = conn.NetConn().Close()
	}
	<-done
	return nil
}

// listener counts what the server said.
type listener struct {
	net.Conn
	bytes atomic.Int64
}

func (l *listener) Read(p []byte) (int, error) {
	n, err := l.Conn.Read(p)
	l.bytes.Add(int64(n))
	return n, err
}

func (l *listener) count() int64 { return l.bytes.Load() }
