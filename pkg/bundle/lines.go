package bundle

import (
	"bufio"
	"bytes"
	"io"
	"regexp"
	"strings"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/redact"
)

// Lines of Envoy's own text: "name: 12" of /stats, "cluster::address::counter::12"
// of /clusters, where a host has a name too.
var (
	statLine = regexp.MustCompile(`^[^\s]+: [0-9]+$|^cluster_manager\.cds\.version_text: "[0-9TZ:+./-]+"$`)
	listLine = regexp.MustCompile(`^[^\s]+::[^\s]+::([a-z_]+::-?[0-9.]+|hostname::[A-Za-z0-9._-]*|health_flags::[a-z_/|]+)$`)
)

// plainLines keeps the lines that are counters. Of everything else it keeps one
// character, so that reading it fails for the same reason as before.
func plainLines(path string, in io.Reader, out io.Writer) error {
	line := map[string]*regexp.Regexp{"/stats": statLine, "/clusters": listLine}[path]
	kept, mark := false, ""
	s := bufio.NewScanner(in)
	s.Buffer(nil, 64<<10)
	for s.Scan() {
		text := strings.TrimRight(s.Text(), "\r")
		if mark == "" {
			if mark = "?"; strings.HasPrefix(strings.TrimSpace(text), "<") {
				mark = "<"
			}
		}
		if line == nil || !line.MatchString(text) {
			continue
		}
		kept = true
		if _, err := io.WriteString(out, redact.Text(text)+"\n"); err != nil {
			return err
		}
	}
	if !kept {
		if _, err := io.WriteString(out, mark+"\n"); err != nil {
			return err
		}
	}
	return s.Err()
}

// limited is a buffer that takes no more than a bundle's entry may have.
type limited struct {
	bytes.Buffer
	left int
}

// Write implements io.Writer.
func (l *limited) Write(p []byte) (int, error) {
	if l.left -= len(p); l.left < 0 {
		return 0, errTooLarge
	}
	return l.Buffer.Write(p)
}
