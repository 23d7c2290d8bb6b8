package report

import (
	"strings"
	"testing"
)

// The encoder writes when its buffer is full, whatever stands there.
func TestEscaperOfCutCharacters(t *testing.T) {
	text := "{\"a\": \"plain ä € 😀 \u202e \u2028 \U000e0001 \x7f\"}\n"
	want := string(escapeJSON([]byte(text)))
	if !strings.Contains(want, `\u202e`) || !strings.Contains(want, `\udb40\udc01`) || !strings.Contains(want, "😀") {
		t.Fatalf("not escaped: %q", want)
	}
	for size := 1; size <= len(text); size++ {
		var out strings.Builder
		e := &escaper{to: &out}
		for rest := []byte(text); len(rest) > 0; {
			n := min(size, len(rest))
			if wrote, err := e.Write(rest[:n]); wrote != n || err != nil {
				t.Fatalf("%d bytes of %d written: %v", wrote, n, err)
			}
			rest = rest[n:]
		}
		if out.String() != want {
			t.Fatalf("%d bytes at once: %q, want %q", size, out.String(), want)
		}
	}
}

// TestEscapingCostsNothing: a report of megabytes has next to nothing to escape.
func TestEscapingCostsNothing(t *testing.T) {
	text := []byte(strings.Repeat("{\"a\": \"plain \u00e4 \u20ac\"}\n", 100))
	if n := testing.AllocsPerRun(10, func() { escapeJSON(text) }); n != 0 {
		t.Errorf("text with nothing to escape took %v allocations", n)
	}
	if got := string(escapeJSON(text)); got != string(text) {
		t.Errorf("it was changed: %q", got)
	}
	for in, want := range map[string]string{"": "", "\x00a": `\u0000a`, "a\x7f": `a\u007f`, "\u202ea\u202e\u00e4": `\u202ea\u202e` + "\u00e4", "\xff\x01": "\xff" + `\u0001`} {
		if got := string(escapeJSON([]byte(in))); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}
