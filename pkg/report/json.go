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
	text := append(e.cut, p...)
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

func escapeJSON(in []byte) []byte {
	out := make([]byte, 0, len(in))
	for len(in) > 0 {
		r, n := utf8.DecodeRune(in)
		switch {
		case r == '\n' || !harmful(r):
			out = append(out, in[:n]...)
		case r > 0xffff: // as a surrogate pair
			r -= 0x10000
			out = fmt.Appendf(out, `\u%04x\u%04x`, 0xd800+(r>>10), 0xdc00+(r&0x3ff))
		default:
			out = fmt.Appendf(out, `\u%04x`, r)
		}
		in = in[n:]
	}
	return out
}
