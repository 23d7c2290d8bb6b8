package report

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/redact"
)

// Plain is a text from outside made fit for a terminal or a log: one line, without
// key material, with nothing that steers a terminal.
func Plain(s string) string { return safe(redact.Text(s)) }

// safe shows a string that came from outside so that it can do nothing to a
// terminal or to the reader: control characters, escape sequences, characters
// that turn the reading direction or are invisible, and bytes that are no UTF-8
// become visible text (\x1b, \u202e).
func safe(s string) string {
	var b strings.Builder
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && n <= 1:
			fmt.Fprintf(&b, `\x%02x`, s[0])
		case !harmful(r):
			b.WriteString(s[:n])
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < 0x100:
			fmt.Fprintf(&b, `\x%02x`, r)
		case r > 0xffff:
			fmt.Fprintf(&b, `\U%08x`, r)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
		s = s[n:]
	}
	return b.String()
}

// harmful covers controls (C0, DEL, C1), format characters (bidi, zero width,
// tags), line and paragraph separators, private use, and code points that are no
// characters, which YAML and XML refuse.
func harmful(r rune) bool {
	if r < 0x7f {
		return r < ' '
	}
	if r&0xfffe == 0xfffe || r >= 0xfdd0 && r <= 0xfdef {
		return true
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Co, unicode.Cs)
}

// textWidth is the number of terminal columns of a string that is safe already.
func textWidth(s string) int {
	n := 0
	for _, r := range s {
		n += runeWidth(r)
	}
	return n
}

// runeWidth: combining marks take no column; East Asian wide and full-width
// characters and pictographs take two (Unicode TR 11).
func runeWidth(r rune) int {
	switch {
	case r < 0x300:
		return 1
	case unicode.In(r, unicode.Mn, unicode.Me):
		return 0
	case r < 0x1100:
		return 1
	case r <= 0x115f, r >= 0x2e80 && r <= 0xa4cf, r >= 0xac00 && r <= 0xd7a3, r >= 0xf900 && r <= 0xfaff,
		r >= 0xfe30 && r <= 0xfe6f, r >= 0xff00 && r <= 0xff60, r >= 0xffe0 && r <= 0xffe6,
		r >= 0x1f300 && r <= 0x1f64f, r >= 0x1f900 && r <= 0x1f9ff, r >= 0x20000 && r <= 0x3fffd:
		return 2
	}
	return 1
}

// cut shortens a safe string to a number of columns, with a sign that it did.
func cut(s string, limit int) string {
	if limit <= 0 || textWidth(s) <= limit {
		return s
	}
	n := 0
	for i, r := range s {
		if n += runeWidth(r); n > limit-1 {
			return s[:i] + "…"
		}
	}
	return s
}

// wrap breaks a safe string at spaces into lines of at most limit columns; a word
// that is longer stays whole, so that it can be copied.
func wrap(s string, limit int) []string {
	if limit <= 0 || textWidth(s) <= limit {
		return []string{s}
	}
	var lines []string
	line := ""
	for _, word := range strings.Split(s, " ") {
		if line != "" && textWidth(line)+1+textWidth(word) > limit {
			lines, line = append(lines, strings.TrimRight(line, " ")), word
			continue
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}
