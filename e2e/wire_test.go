//go:build e2e

package e2e

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// wire is what went over the lab's links between two addresses: all interfaces of the instance's network namespace,
// the pods' among them, by a raw socket.
type wire struct {
	fd      int
	of      []netip.Addr // whose packets are kept
	mu      sync.Mutex
	packets []packet
	lost    error // why the capture ended before it was told to
	done    chan struct{}
}

// packet is one TCP segment with data.
type packet struct {
	from, to netip.AddrPort
	data     []byte
}

// capture begins to listen in the lab's network namespace, and keeps what is to or from these addresses. It must run as
// root, as the lab does.
func (s *suite) capture(t *testing.T, lab string, of ...netip.Addr) *wire {
	t.Helper()
	fd, err := rawSocketIn("/run/netns/mesh-lab-" + lab)
	if err != nil {
		t.Fatalf("capture packets of instance %s: %v", lab, err)
	}
	w := &wire{fd: fd, of: of, done: make(chan struct{})}
	go w.read(fd)
	t.Cleanup(func() { w.stop() })
	return w
}

// rawSocketIn opens a raw socket for every interface of a network namespace. A socket stays in the namespace in which it
// was made; the thread that went there is given up, because it could not be trusted to be back.
func rawSocketIn(namespace string) (int, error) {
	type result struct {
		fd  int
		err error
	}
	answer := make(chan result)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with this function
		file, err := os.Open(namespace)
		if err != nil {
			answer <- result{-1, err}
			return
		}
		defer file.Close()
		if err := unix.Setns(int(file.Fd()), unix.CLONE_NEWNET); err != nil {
			answer <- result{-1, fmt.Errorf("enter %s: %w", namespace, err)}
			return
		}
		all := binary.BigEndian.Uint16(binary.NativeEndian.AppendUint16(nil, unix.ETH_P_ALL)) // in network order
		fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, int(all))
		if err == nil {
			err = unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Usec: 200_000})
		}
		if err == nil {
			err = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, 32<<20)
		}
		answer <- result{fd, err}
	}()
	r := <-answer
	return r.fd, r.err
}

func (w *wire) read(fd int) {
	defer close(w.done)
	frame := make([]byte, 1<<17)
	for {
		n, _, err := unix.Recvfrom(fd, frame, 0)
		p, ok := packet{}, false
		if err == nil {
			p, ok = segment(frame[:n])
		}
		w.mu.Lock()
		ended := w.fd < 0
		switch {
		case err != nil && !errors.Is(err, unix.EAGAIN) && !errors.Is(err, unix.EINTR):
			w.lost, ended = err, true
		case ok && (slices.Contains(w.of, p.from.Addr()) || slices.Contains(w.of, p.to.Addr())):
			p.data = bytes.Clone(p.data)
			w.packets = append(w.packets, p)
		}
		w.mu.Unlock()
		if ended {
			return
		}
	}
}

// stop ends the capture and gives what was seen, and how many packets the kernel had to drop.
func (w *wire) stop() ([]packet, uint32, error) {
	w.mu.Lock()
	fd := w.fd
	w.fd = -1
	w.mu.Unlock()
	if fd < 0 {
		return w.packets, 0, w.lost
	}
	<-w.done
	stats, err := unix.GetsockoptTpacketStats(fd, unix.SOL_PACKET, unix.PACKET_STATISTICS)
	_ = unix.Close(fd)
	if err != nil {
		return w.packets, 0, fmt.Errorf("count the dropped packets: %w", err)
	}
	return w.packets, stats.Drops, w.lost
}

// segment reads Ethernet, IPv4 and TCP (RFC 791, RFC 9293): data that was not sent by TCP over IPv4 is none of the lab's.
func segment(frame []byte) (packet, bool) {
	const ethernet, ipv4, tcp = 14, 20, 20
	if len(frame) < ethernet+ipv4 || binary.BigEndian.Uint16(frame[12:]) != unix.ETH_P_IP {
		return packet{}, false
	}
	ip := frame[ethernet:]
	header, total := int(ip[0]&15)*4, int(binary.BigEndian.Uint16(ip[2:]))
	if ip[0]>>4 != 4 || ip[9] != unix.IPPROTO_TCP || header < ipv4 || total > len(ip) || total < header+tcp {
		return packet{}, false
	}
	segment := ip[header:total]
	offset := int(segment[12]>>4) * 4
	if offset < tcp || offset >= len(segment) {
		return packet{}, false // no data
	}
	at := func(address, port []byte) netip.AddrPort {
		a, _ := netip.AddrFromSlice(address)
		return netip.AddrPortFrom(a, binary.BigEndian.Uint16(port))
	}
	return packet{at(ip[12:16], segment[0:2]), at(ip[16:20], segment[2:4]), segment[offset:]}, true
}

// seen sums up what went between a client and some ports of a server, in both directions.
type seen struct {
	packets int      // with data
	tls     int      // directions of connections that began as TLS
	clear   bool     // the word was readable
	other   []string // how those began that are not TLS
}

// String says it for a log.
func (s seen) String() string {
	return fmt.Sprintf("%d packets, %d times TLS, word in the clear: %t, other than TLS: %q", s.packets, s.tls, s.clear, s.other)
}

// onlyTLS tells whether something went over the wire, all of it in TLS.
func (s seen) onlyTLS() bool { return s.packets > 0 && s.tls > 0 && !s.clear && len(s.other) == 0 }

// ended stops the capture and gives what was seen. A capture that saw nothing at all, or that lost packets, proves
// nothing and fails the test.
func (w *wire) ended(t *testing.T) []packet {
	t.Helper()
	time.Sleep(300 * time.Millisecond) // the last packets are on their way through the socket
	packets, dropped, err := w.stop()
	if err != nil || dropped > 0 || len(packets) == 0 {
		t.Fatalf("the capture proves nothing: %d packets seen, %d dropped, %v", len(packets), dropped, err)
	}
	return packets
}

// between looks at what went between a client and these ports of a server, for a word in the clear, and for what is not TLS.
func between(packets []packet, client, server netip.Addr, word string, ports ...uint16) seen {
	var s seen
	begun := map[string]bool{}
	for _, p := range packets {
		out := p.from.Addr() == client && p.to.Addr() == server && slices.Contains(ports, p.to.Port())
		back := p.to.Addr() == client && p.from.Addr() == server && slices.Contains(ports, p.from.Port())
		if !out && !back {
			continue
		}
		s.packets++
		s.clear = s.clear || bytes.Contains(p.data, []byte(word))
		key := fmt.Sprint(p.from, p.to)
		if begun[key] {
			continue
		}
		begun[key] = true
		if len(p.data) > 5 && p.data[0] == 22 && p.data[1] == 3 { // a record of a handshake (RFC 8446, 5.1)
			s.tls++
		} else {
			s.other = append(s.other, strings.ToValidUTF8(string(p.data[:min(len(p.data), 40)]), "?"))
		}
	}
	return s
}

// address gives the IP of a workload's only pod.
func (s *suite) address(t *testing.T, namespace, name string) netip.Addr {
	t.Helper()
	text := s.kube(t, "get", "pod", s.pod(t, namespace, name), "-n", namespace, "-o", "jsonpath={.status.podIP}")
	ip, err := netip.ParseAddr(strings.TrimSpace(text))
	if err != nil {
		t.Fatalf("the address of %s/%s is %q: %v", namespace, name, text, err)
	}
	return ip
}

// nodeAddress gives the address that the lab's servers listen on.
func (s *suite) nodeAddress(t *testing.T) netip.Addr {
	t.Helper()
	text := s.kube(t, "get", "nodes", "-o", "jsonpath={.items[0].status.addresses[?(@.type=='InternalIP')].address}")
	ip, err := netip.ParseAddr(strings.TrimSpace(text))
	if err != nil {
		t.Fatalf("the address of the node is %q: %v", text, err)
	}
	return ip
}

// word is a path that nobody else asks for.
const word = "read-me-on-the-wire"

// TestEgressOnTheWire tells what of scenario S1 only packets can prove: before enable egress the path of the request crosses
// the wire in the clear, after it the same call of the application is TLS and nothing else.
func TestEgressOnTheWire(t *testing.T) {
	const plainPort, tlsPort = 8081, 8444
	e := egressAt(t, "wire", "www.wire.e2e.example.internal", plainPort, tlsPort)
	pod, server := e.address(t, e.namespace, "client"), e.nodeAddress(t)
	url := fmt.Sprintf("http://%s:%d/%s", e.host, plainPort, word)

	w := e.capture(t, e.lab, pod)
	if got := e.get(t, url); got != "301" {
		t.Fatalf("before: %s gives %s", url, got)
	}
	before := between(w.ended(t), pod, server, word, plainPort, tlsPort)
	t.Logf("before: %s", before)
	if !before.clear || before.tls > 0 {
		t.Errorf("before: the path should cross the wire in the clear, and no TLS: %s", before)
	}

	w = e.capture(t, e.lab, pod)
	must(t, e.plugin(t, "enable", "egress", fmt.Sprintf("%s:%d", e.host, plainPort), "--tls-port", fmt.Sprint(tlsPort), "-n", e.namespace, "--ca-file", e.ca.file), 0)
	if got := e.get(t, url); got != "200" {
		t.Errorf("after: %s gives %s", url, got)
	}
	after := between(w.ended(t), pod, server, word, plainPort, tlsPort)
	t.Logf("after: %s", after)
	if !after.onlyTLS() {
		t.Errorf("after: only TLS should leave the pod: %s", after)
	}
	t.Log("proves: the path of the request is on the wire before enable egress, and TLS alone after it")
}
