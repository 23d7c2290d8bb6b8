package report

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	jsonv1 "github.com/go-json-experiment/json/v1"
)

// printJSON writes the document with nothing left out, and while it is encoded: of a
// large proxy it is as long as the proxy's dump. Characters that can steer a terminal
// or turn the reading direction, and that JSON may leave as they are, are written as
// \u escapes: the data stays the same.
func printJSON(w io.Writer, doc any) error {
	out := bufio.NewWriter(w)
	if err := json.MarshalWrite(&escaper{to: out}, doc, jsonv1.DefaultOptionsV1(), jsontext.EscapeForHTML(false), jsontext.WithIndent("  ")); err != nil {
		return fmt.Errorf("write the report as JSON: %w", err)
	}
	_ = out.WriteByte('\n') // an error stays until Flush
	return out.Flush()
}

// escaper hands JSON on as escapeJSON makes it. A character that a write cuts waits
// for its rest.
type escaper struct {
	to  io.Writer
	cut []byte
}

func (e *escaper) Write(p []byte) (int, error) {
	text := p
	if len(e.cut) > 0 {
		text = append(e.cut, p...)
	}
	end := len(text)
	for back := 1; back < utf8.UTFMax && back <= len(text); back++ {
		if start := len(text) - back; utf8.RuneStart(text[start]) {
			if !utf8.FullRune(text[start:]) {
				end = start
			}
			break
		}
	}
	e.cut = bytes.Clone(text[end:])
	if _, err := e.to.Write(escapeJSON(text[:end])); err != nil {
		return 0, err
	}
	return len(p), nil
}

// escapeJSON gives back what it got where there is nothing to escape: of a large report that is nearly all of it.
func escapeJSON(in []byte) []byte {
	var out []byte
	done := 0 // what is in out already
	for at := 0; at < len(in); {
		if b := in[at]; b >= ' ' && b < 0x7f || b == '\n' {
			at++
			continue
		}
		r, n := utf8.DecodeRune(in[at:])
		if harmful(r) {
			out = appendEscape(append(out, in[done:at]...), r)
			done = at + n
		}
		at += n
	}
	if done == 0 {
		return in
	}
	return append(out, in[done:]...)
}

func appendEscape(out []byte, r rune) []byte {
	if r > 0xffff { // as a surrogate pair
		r -= 0x10000
		return fmt.Appendf(out, `\u%04x\u%04x`, 0xd800+(r>>10), 0xdc00+(r&0x3ff))
	}
	return fmt.Appendf(out, `\u%04x`, r)
}
