package probe_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/probe"
)

// TestHandshake proves that each kind of server gives its own class of fact,
// and that certificates are recorded as they are, not judged.
func TestHandshake(t *testing.T) {
	good := certificate(t, "redis.example.internal", now.Add(time.Hour))
	expired := certificate(t, "redis.example.internal", now.Add(-time.Minute))
	with := serveTLS
	one := []tls.Certificate{good}
	type want struct {
		Failure  facts.Failure
		Version  string
		Subjects []string
		AsksCert bool
	}
	subject := []string{"CN=redis.example.internal"}
	tests := map[string]struct {
		server func(net.Conn)
		want   want
		says   string // part of ErrorText
	}{
		"good":            {server: with(&tls.Config{Certificates: one}), want: want{Version: "TLS 1.3", Subjects: subject}},
		"expired":         {server: with(&tls.Config{Certificates: []tls.Certificate{expired}}), want: want{Version: "TLS 1.3", Subjects: subject}},
		"TLS 1.2 only":    {server: with(&tls.Config{Certificates: one, MaxVersion: tls.VersionTLS12}), want: want{Version: "TLS 1.2", Subjects: subject}},
		"TLS 1.0 only":    {server: with(&tls.Config{Certificates: one, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS10}), want: want{Version: "TLS 1.0", Subjects: subject}},
		"wants a cert":    {server: with(&tls.Config{Certificates: one, ClientAuth: tls.RequestClientCert}), want: want{Version: "TLS 1.3", Subjects: subject, AsksCert: true}},
		"demands, 1.3":    {server: with(&tls.Config{Certificates: one, ClientAuth: tls.RequireAnyClientCert}), want: want{facts.FailureAlert, "TLS 1.3", subject, true}, says: "certificate required"},
		"demands, 1.2":    {server: with(&tls.Config{Certificates: one, ClientAuth: tls.RequireAnyClientCert, MaxVersion: tls.VersionTLS12}), want: want{facts.FailureAlert, "TLS 1.2", subject, true}, says: "remote error"},
		"closes after":    {server: thenCloses(&tls.Config{Certificates: one, ClientAuth: tls.RequestClientCert}), want: want{Version: "TLS 1.3", Subjects: subject, AsksCert: true}, says: "the handshake was complete"},
		"refuses by name": {server: with(&tls.Config{GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return nil, nil }}), want: want{Failure: facts.FailureAlert}, says: "remote error"},
		"plain Redis":     {server: says("-ERR unknown command\r\n"), want: want{Failure: facts.FailureNotTLS}, says: "plain Redis"},
		"plain HTTP":      {server: says("HTTP/1.1 400 Bad Request\r\n\r\n"), want: want{Failure: facts.FailureNotTLS}, says: "plain HTTP"},
		"other text":      {server: says("220 mail.example.internal ESMTP\r\n"), want: want{Failure: facts.FailureNotTLS}, says: "plain text"},
		"binary":          {server: says("\x00\x00\x00\x09\xff\xff\xff"), want: want{Failure: facts.FailureNotTLS}, says: "binary data"},
		"never answers":   {server: silent, want: want{Failure: facts.FailureTimeout}, says: "never answered"},
		"half an answer":  {server: says("\x16\x03\x03\x00\x40"), want: want{Failure: facts.FailureTimeout}, says: "fell silent"},
		"closes at once":  {server: func(net.Conn) {}, want: want{Failure: facts.FailureClosed}, says: "without a byte"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address := serve(t, tt.server)
			h := probe.Handshake(t.Context(), loopback{}, probe.Request{
				Cluster: "c", Address: address, SNI: "redis.example.internal", Timeout: time.Second, Now: now})
			got := want{Failure: h.Failure, Version: h.Version, AsksCert: h.AsksCert}
			for _, c := range h.Chain {
				got.Subjects = append(got.Subjects, c.Subject)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s\n%s", diff, h.ErrorText)
			}
			if !strings.Contains(h.ErrorText, tt.says) || (tt.says == "") != (h.ErrorText == "") {
				t.Errorf("ErrorText = %q, want %q in it", h.ErrorText, tt.says)
			}
			if h.At != now || h.Cluster != "c" || h.Address != address {
				t.Errorf("the request is not in the answer: %+v", h)
			}
		})
	}
}

// TestWhatIsSent proves that the server sees the server name and ALPN of the
// request, and no server name when there is none.
func TestWhatIsSent(t *testing.T) {
	cert := certificate(t, "a", now)
	for _, sni := range []string{"", "redis.example.internal"} {
		hello := make(chan tls.ClientHelloInfo, 1)
		address := serve(t, serveTLS(&tls.Config{GetCertificate: func(h *tls.ClientHelloInfo) (*tls.Certificate, error) {
			hello <- *h
			return &cert, nil
		}, NextProtos: []string{"redis"}}))
		h := probe.Handshake(t.Context(), loopback{}, probe.Request{Address: address, SNI: sni, ALPN: []string{"redis"}, Now: now})
		if h.Failure != "" {
			t.Fatalf("SNI %q: %s %s", sni, h.Failure, h.ErrorText)
		}
		got := <-hello
		if got.ServerName != sni || !cmp.Equal(got.SupportedProtos, []string{"redis"}) {
			t.Errorf("the server saw SNI %q and ALPN %q, want %q and redis", got.ServerName, got.SupportedProtos, sni)
		}
	}
}

// TestVersionLimits proves that MaxTLS is kept to: a server of TLS 1.3 only
// refuses a client of at most TLS 1.2.
func TestVersionLimits(t *testing.T) {
	address := serve(t, serveTLS(&tls.Config{Certificates: []tls.Certificate{certificate(t, "a", now)}, MinVersion: tls.VersionTLS13}))
	h := probe.Handshake(t.Context(), loopback{}, probe.Request{Address: address, MaxTLS: tls.VersionTLS12, Now: now})
	if h.Failure != facts.FailureAlert || !strings.Contains(h.ErrorText, "protocol version") {
		t.Errorf("got %q %q, want an alert about the protocol version", h.Failure, h.ErrorText)
	}
}

// TestOffer proves that ciphers and groups are offered as asked for: a server that has no other refuses, and a name
// that crypto/tls does not have restricts nothing.
func TestOffer(t *testing.T) {
	cert := certificate(t, "a", now)
	cbc := serve(t, serveTLS(&tls.Config{Certificates: []tls.Certificate{cert}, MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA}}))
	p384 := serve(t, serveTLS(&tls.Config{Certificates: []tls.Certificate{cert}, CurvePreferences: []tls.CurveID{tls.CurveP384}}))
	for _, c := range []struct {
		name string
		r    probe.Request
		want facts.Failure
	}{
		{"cipher", probe.Request{Address: cbc, Ciphers: []string{"ECDHE-ECDSA-AES128-GCM-SHA256"}}, facts.FailureAlert},
		{"its cipher", probe.Request{Address: cbc, Ciphers: []string{"ECDHE-ECDSA-AES128-SHA"}}, facts.FailureNone},
		{"cipher unknown", probe.Request{Address: cbc, Ciphers: []string{"ECDHE-ECDSA-AES128-GCM-SHA256", "NEW"}}, facts.FailureNone},
		{"group", probe.Request{Address: p384, Curves: []string{"X25519", "P-256"}}, facts.FailureAlert},
		{"its group", probe.Request{Address: p384, Curves: []string{"X25519", "P-384"}}, facts.FailureNone},
	} {
		c.r.Now = now
		if h := probe.Handshake(t.Context(), loopback{}, c.r); h.Failure != c.want {
			t.Errorf("%s: %q %s, want %q", c.name, h.Failure, h.ErrorText, c.want)
		}
	}
}

// TestAsksFor proves that the CAs of which a server takes client certificates are told, as certificates name their issuer.
func TestAsksFor(t *testing.T) {
	ca := certificate(t, "a", now)
	parsed, err := x509.ParseCertificate(ca.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	clients := x509.NewCertPool()
	clients.AddCert(parsed)
	h := probe.Handshake(t.Context(), loopback{}, probe.Request{Now: now,
		Address: serve(t, serveTLS(&tls.Config{Certificates: []tls.Certificate{ca}, ClientCAs: clients, ClientAuth: tls.RequestClientCert}))})
	if h.Failure != "" || !cmp.Equal(h.AsksFor, []string{parsed.Issuer.String()}) {
		t.Errorf("got %+v", h)
	}
}

// TestCannotConnect proves the class of a refused connection.
func TestCannotConnect(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	_ = l.Close()
	h := probe.Handshake(t.Context(), loopback{}, probe.Request{Address: address, Now: now})
	if h.Failure != facts.FailureConnect || !strings.Contains(h.ErrorText, "refused") {
		t.Errorf("got %q %q, want connect and refused", h.Failure, h.ErrorText)
	}
}

// TestBounded proves that a silent server costs no more than the timeout, that
// an interrupt ends it at once, and that no goroutine stays.
func TestBounded(t *testing.T) {
	before := runtime.NumGoroutine()
	address := serve(t, silent)
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	done := make(chan facts.Handshake, 1)
	go func() {
		done <- probe.Handshake(ctx, loopback{}, probe.Request{Address: address, Timeout: time.Hour, Now: now})
	}()
	select {
	case h := <-done:
		if h.Failure != facts.FailureInternal || h.ErrorText != "interrupted" {
			t.Errorf("got %q %q, want interrupted", h.Failure, h.ErrorText)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("an interrupted handshake does not end")
	}
	for range 100 {
		if runtime.NumGoroutine() <= before+2 { // the listener of serve and its one connection
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("%d goroutines before, %d after", before, runtime.NumGoroutine())
}
