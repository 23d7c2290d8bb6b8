package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSummary(t *testing.T) {
	const in = `{"Action":"build-output","ImportPath":"x","Output":"x.go:1: bad\n"}
not json
{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Test":"TestA","Output":"    a_test.go:1: quiet\n"}
{"Action":"run","Package":"p","Test":"TestA/one"}
{"Action":"pass","Package":"p","Test":"TestA/one"}
{"Action":"run","Package":"p","Test":"TestA/two"}
{"Action":"output","Package":"p","Test":"TestA/two","Output":"=== RUN   TestA/two\n"}
{"Action":"output","Package":"p","Test":"TestA/two","Output":"    a_test.go:9: needs the lab\n"}
{"Action":"output","Package":"p","Test":"TestA/two","Output":"    --- SKIP: TestA/two (0.00s)\n"}
{"Action":"skip","Package":"p","Test":"TestA/two"}
{"Action":"pass","Package":"p","Test":"TestA"}
{"Action":"run","Package":"p","Test":"TestB"}
{"Action":"output","Package":"p","Test":"TestB","Output":"    b_test.go:2: loud\n"}
{"Action":"fail","Package":"p","Test":"TestB"}
{"Action":"output","Package":"p","Output":"PASS\n"}
{"Action":"output","Package":"p","Output":"ok  \tp\t0.1s\n"}
{"Action":"pass","Package":"p"}
`
	const want = "x.go:1: bad\nnot json\n    b_test.go:2: loud\nok  \tp\t0.1s\n" +
		"skipped TestA/two: a_test.go:9: needs the lab\nunit: 1 passed, 1 failed, 1 skipped\n"
	var out bytes.Buffer
	s := newSummary(&out, false)
	if err := s.read(strings.NewReader(in)); err != nil {
		t.Fatal(err)
	}
	s.print("unit")
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("summary (-want +got):\n%s", diff)
	}
}
