package kube

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/client-go/rest"
)

// TestTrace: a request is told once, when its answer was read, with size and time,
// and with nothing of its headers; a connection that was switched stays whole.
func TestTrace(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/switch" {
			conn, _, err := w.(http.Hijacker).Hijack()
			if err == nil {
				_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n")
				_ = conn.Close()
			}
			return
		}
		_, _ = io.WriteString(w, "12345")
	}))
	defer server.Close()
	now := time.Unix(0, 0)
	var told []Exchange
	flags := genericclioptions.NewConfigFlags(false)
	Trace(flags, func() time.Time { now = now.Add(time.Second); return now }, func(x Exchange) { told = append(told, x) })
	config := flags.WrapConfigFn(&rest.Config{Host: server.URL, BearerToken: "SECRET"})
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := client.Get(server.URL + "/a?b=c")
	if err != nil {
		t.Fatal(err)
	}
	if len(told) != 0 {
		t.Error("told before the answer was read")
	}
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		t.Fatal(err)
	}
	_, _ = resp.Body.Close(), resp.Body.Close()
	if len(told) != 1 || told[0].Method != "GET" || told[0].Path != "/a?b=c" || told[0].Status != 200 || told[0].Bytes != 5 || told[0].Took != time.Second {
		t.Errorf("%+v", told)
	}
	resp, err = client.Get(server.URL + "/switch")
	if err != nil {
		t.Fatal(err)
	}
	if _, whole := resp.Body.(io.Writer); !whole || len(told) != 2 || told[1].Status != 101 {
		t.Errorf("a switched connection lost its other direction: %T, %+v", resp.Body, told)
	}
	_ = resp.Body.Close()
	server.Close()
	if _, err := client.Get(server.URL + "/gone"); err == nil || len(told) != 3 || told[2].Err == nil || strings.Contains(told[2].Err.Error(), server.URL) {
		t.Errorf("%v, %+v", err, told)
	}
}
