//go:build e2e

package e2e

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// oddServer is a server that no Redis can be: it chooses its certificate by SNI, speaks old TLS only, or says
// nothing at all. It is this test's own program, started again in the lab's network namespace.
type oddServer struct {
	Listen  string
	Default [2]string            // certificate and key
	Named   map[string][2]string // by server name
	Max     uint16               // highest version of TLS; 0 is the newest
	Silent  bool
	Closes  bool     // at once, without a word
	Ciphers []uint16 // of TLS 1.2; none are those of crypto/tls
	Clients string   // file of the CA of which it demands a client certificate
}

// serverVariable tells this program that it is an oddServer and not a test.
const serverVariable = "MESH_TLS_E2E_SERVER"

// beServer runs the server until its stdin is closed: it cannot outlive the test.
func beServer(setting string) {
	var s oddServer
	err := json.Unmarshal([]byte(setting), &s)
	if err == nil {
		err = s.run()
	}
	fmt.Println(err)
}

func (s oddServer) run() error {
	config := &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: s.Max, CipherSuites: s.Ciphers}
	config.GetCertificate = func(h *tls.ClientHelloInfo) (*tls.Certificate, error) {
		pair, named := s.Named[h.ServerName]
		if !named {
			pair = s.Default
		}
		c, err := tls.LoadX509KeyPair(pair[0], pair[1])
		return &c, err
	}
	if s.Clients != "" {
		text, err := os.ReadFile(s.Clients)
		if err != nil {
			return err
		}
		config.ClientAuth, config.ClientCAs = tls.RequireAndVerifyClientCert, x509.NewCertPool()
		config.ClientCAs.AppendCertsFromPEM(text)
	}
	l, err := net.Listen("tcp", s.Listen)
	if err != nil {
		return err
	}
	fmt.Println("listening")
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			if s.Closes {
				c.Close()
			} else if !s.Silent {
				go talk(tls.Server(c, config))
			}
		}
	}()
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// talk knows two words of Redis.
func talk(c net.Conn) {
	defer c.Close()
	lines := bufio.NewScanner(c)
	for lines.Scan() {
		switch strings.ToUpper(lines.Text()) {
		case "AUTH":
			fmt.Fprint(c, "+OK\r\n")
		case "PING":
			fmt.Fprint(c, "+PONG\r\n")
		}
	}
}

// serveOdd replaces the site's Redis by an odd server for the rest of the test, or until stop is called.
func (x *site) serveOdd(t *testing.T, s oddServer) {
	t.Helper()
	x.stop(t)
	s.Listen = fmt.Sprintf("%s:%d", x.node(t), x.port)
	setting, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(x.tool, "exec", x.lab, "--", self)
	cmd.Env = append(os.Environ(), serverVariable+"="+string(setting))
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	end := func() {
		stdin.Close()
		timer := time.AfterFunc(5*time.Second, func() { _ = cmd.Process.Kill() })
		_ = cmd.Wait() // it was told to end
		timer.Stop()
	}
	x.endOdd = end
	t.Cleanup(x.stopOdd)
	if line, _ := bufio.NewReader(stdout).ReadString('\n'); line != "listening\n" {
		t.Fatalf("the server did not start: %q", line)
	}
}

// stopOdd ends the odd server, if there is one.
func (x *site) stopOdd() {
	if x.endOdd != nil {
		x.endOdd()
		x.endOdd = nil
	}
}
