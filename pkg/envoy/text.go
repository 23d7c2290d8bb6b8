package envoy

import (
	"bufio"
	"errors"
	"io"
	"strings"
)

// maxLine bounds one line of Envoy's text formats; longer ones are passed over.
const maxLine = 64 << 10

// lines calls each with every line of a text, without its end.
func lines(b *bufio.Reader, each func(string) error) error {
	var long bool
	b = bufio.NewReaderSize(b, maxLine)
	for {
		part, err := b.ReadSlice('\n')
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			long = true
			continue
		case err != nil && !errors.Is(err, io.EOF):
			return err
		}
		if !long {
			if line := strings.TrimRight(string(part), "\r\n"); line != "" {
				if bad := each(line); bad != nil {
					return bad
				}
			}
		}
		long = false
		if err != nil {
			return nil
		}
	}
}

// isStatsText tells Envoy's text format (name: value, or name::value) from
// JSON and from the things that sniff names.
func isStatsText(b *bufio.Reader, separator string) bool {
	head, _ := b.Peek(1024)
	line, _, _ := strings.Cut(string(head), "\n")
	if line == "" || strings.ContainsRune("{[<\x1f\x00\xff\xfe\xef \t\r", rune(line[0])) {
		return false
	}
	return strings.Contains(line, separator)
}
