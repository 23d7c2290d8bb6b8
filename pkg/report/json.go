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
func printJSON(w io.Writer, doc any) error {
	out, err := encode(doc)
	if err != nil {
		return err
	}
	_, err = w.Write(out)
	return err
}

func encode(doc any) ([]byte, error) {
	var raw bytes.Buffer
	enc := json.NewEncoder(&raw)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(doc); err != nil {
		return nil, fmt.Errorf("encode the report as JSON: %w", err)
	}
	return escapeJSON(raw.Bytes()), nil
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
// quotes, so harmful characters are shown as text. It is made of the escaped JSON,
// because the library refuses control characters in what it reads.
func printYAML(w io.Writer, doc any) error {
	raw, err := encode(doc)
	if err != nil {
		return err
	}
	if raw, err = yaml.JSONToYAML(raw); err != nil {
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
