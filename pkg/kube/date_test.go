package kube

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/client-go/rest"
)

// TestDates: the time of an answer is told with what our clock said around it; an answer without one, or with nonsense, tells nothing.
func TestDates(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Date"] = r.URL.Query()["date"]
	}))
	defer server.Close()
	now := time.Unix(100, 0)
	var told []Dated
	flags := genericclioptions.NewConfigFlags(false)
	Dates(flags, func() time.Time { now = now.Add(time.Second); return now }, func(x Dated) { told = append(told, x) })
	client, err := rest.HTTPClientFor(flags.WrapConfigFn(&rest.Config{Host: server.URL}))
	if err != nil {
		t.Fatal(err)
	}
	for _, query := range []string{"", "?date=soon", "?date=Sun%2C+06+Nov+1994+08%3A49%3A37+GMT"} {
		resp, err := client.Get(server.URL + "/" + query)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
	}
	want := Dated{Server: time.Date(1994, 11, 6, 8, 49, 37, 0, time.UTC), Asked: time.Unix(103, 0), Answered: time.Unix(104, 0)}
	if len(told) != 1 || !told[0].Server.Equal(want.Server) || !told[0].Asked.Equal(want.Asked) || !told[0].Answered.Equal(want.Answered) {
		t.Errorf("%+v, want %+v", told, want)
	}
	if _, err := client.Get("http://127.0.0.1:1/"); err == nil || len(told) != 1 {
		t.Errorf("without an answer: %v, %d told", err, len(told))
	}
}
