package kube

import (
	"net/http"
	"time"

	"k8s.io/cli-runtime/pkg/genericclioptions"
)

// Dated is when the API server said an answer was made, and when it was asked and had answered by our clock.
type Dated struct {
	Server          time.Time // in whole seconds: up to one second later
	Asked, Answered time.Time
}

// Dates makes every client of these flags tell the time of each answer that has one (header Date, RFC 9110, 6.6.1). now is our
// clock; tell is called from several goroutines.
func Dates(flags *genericclioptions.ConfigFlags, now func() time.Time, tell func(Dated)) {
	wrap(flags, func(rt http.RoundTripper) http.RoundTripper { return &dated{RoundTripper: rt, now: now, tell: tell} })
}

type dated struct {
	http.RoundTripper
	now  func() time.Time
	tell func(Dated)
}

// RoundTrip implements http.RoundTripper.
func (d *dated) RoundTrip(r *http.Request) (*http.Response, error) {
	asked := d.now()
	resp, err := d.RoundTripper.RoundTrip(r)
	if err != nil {
		return resp, err
	}
	if server, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		d.tell(Dated{Server: server, Asked: asked, Answered: d.now()})
	}
	return resp, nil
}
