package kube

import (
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	corev1 "k8s.io/api/core/v1"
	tunnel "k8s.io/client-go/tools/portforward"
	"k8s.io/streaming/pkg/httpstream"
	"k8s.io/streaming/pkg/httpstream/spdy"
)

// forwardServer is the kubelet's side of a port-forward: it joins each pair of
// streams with a TCP connection to backend. With noWebsocket it is a server of
// before Kubernetes 1.30.
type forwardServer struct {
	backend     string
	noWebsocket bool
	status      int // refuse with this
	refuse      string

	mu       sync.Mutex
	upgrades int
	streams  int
	conns    []httpstream.Connection
}

func (f *forwardServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if f.status != 0 {
		http.Error(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Forbidden","message":"pods \"p\" is forbidden: no","code":403}`, f.status)
		return
	}
	if f.noWebsocket && r.Method == http.MethodGet {
		http.Error(w, "upgrade refused", http.StatusBadRequest)
		return
	}
	pairs := &pairs{server: f, half: map[string]httpstream.Stream{}}
	var conn httpstream.Connection
	if r.Method == http.MethodGet {
		up := websocket.Upgrader{Subprotocols: []string{"SPDY/3.1+portforward.k8s.io"}}
		ws, err := up.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		if conn, err = spdy.NewServerConnection(tunnel.NewTunnelingConnection("server", ws), pairs.accept); err != nil {
			return
		}
	} else {
		if _, err := httpstream.Handshake(r, w, []string{"portforward.k8s.io"}); err != nil {
			return
		}
		conn = spdy.NewResponseUpgrader().UpgradeResponse(w, r, pairs.accept)
	}
	if conn == nil {
		return
	}
	f.mu.Lock()
	f.upgrades++
	f.conns = append(f.conns, conn)
	f.mu.Unlock()
	<-conn.CloseChan()
}

// drop ends every port-forward connection, as a deleted pod does.
func (f *forwardServer) drop() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range f.conns {
		_ = c.Close()
	}
}

type pairs struct {
	server *forwardServer
	mu     sync.Mutex
	half   map[string]httpstream.Stream
}

func (p *pairs) accept(s httpstream.Stream, replied <-chan struct{}) error {
	id := s.Headers().Get(corev1.PortForwardRequestIDHeader)
	p.mu.Lock()
	defer p.mu.Unlock()
	if s.Headers().Get(corev1.StreamType) == corev1.StreamTypeError {
		p.half[id] = s
		return nil
	}
	fault := p.half[id]
	go func() {
		<-replied
		p.server.join(s, fault)
	}()
	return nil
}

func (f *forwardServer) join(data, fault httpstream.Stream) {
	f.mu.Lock()
	f.streams++
	refuse, backend := f.refuse, f.backend
	f.mu.Unlock()
	defer func() { _ = fault.Close() }()
	defer func() { _ = data.Close() }()
	if refuse != "" {
		_, _ = fault.Write([]byte(refuse))
		return
	}
	conn, err := net.Dial("tcp", backend)
	if err != nil {
		_, _ = fault.Write([]byte(err.Error()))
		return
	}
	defer func() { _ = conn.Close() }()
	go func() {
		_, _ = io.Copy(conn, data)
		_ = conn.Close()
	}()
	_, _ = io.Copy(data, conn)
}

// newAdmin is an Admin of pod redis/p whose admin port is the backend.
func newAdmin(t *testing.T, f *forwardServer) (*Admin, *fakeAPI) {
	t.Helper()
	c, api := newClient(t, map[string]any{podsPath + "/p": podJSON{name: "p"}.String()})
	api.forward = f
	c.Timeout, c.MaxAnswer = 300*time.Millisecond, 1<<20
	targets, err := c.Resolve(t.Context(), "", []string{"p"}, "", false)
	if err != nil {
		t.Fatal(err)
	}
	a, err := c.Admin(t.Context(), targets[0])
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Close() })
	return a, api
}
