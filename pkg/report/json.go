package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"unicode/utf8"

	"sigs.k8s.io/yaml"
)

// printJSON writes the document with nothing left out. Characters that can steer
// a terminal or turn the reading direction, and that JSON may leave as they are,
// are written as \u escapes: the data stays the same.
func printJSON(w io.Writer, doc Report) error {
	var raw bytes.Buffer
	enc := json.NewEncoder(&raw)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(doc); err != nil {
		return fmt.Errorf("encode the report as JSON: %w", err)
	}
	_, err := w.Write(escapeJSON(raw.Bytes()))
	return err
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

// printYAML writes the same document as YAML. YAML has no escapes outside of
// quotes, so harmful characters are shown as text.
func printYAML(w io.Writer, doc Report) error {
	raw, err := yaml.Marshal(doc)
	if err != nil {
		return fmt.Errorf("encode the report as YAML: %w", err)
	}
	var out bytes.Buffer
	for i, line := range bytes.Split(raw, []byte("\n")) {
		if i > 0 {
			out.WriteByte('\n')
		}
		out.WriteString(safe(string(line)))
	}
	_, err = w.Write(out.Bytes())
	return err
}
