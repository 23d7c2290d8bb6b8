package build

import (
	"fmt"
	"strings"
)

// Words by which the tools say that something could not be fetched, or that
// the disk is full.
var (
	unreachable = []string{"dial tcp", "no such host", "connection refused", "i/o timeout", "TLS handshake timeout",
		"Temporary failure in name resolution", "Temporary failure resolving", "Could not resolve", "Unable to connect", "Couldn't download",
		"Failed to establish a new connection", "No matching distribution found", "proxyconnect", "network is unreachable", "module lookup disabled"}
	full = []string{"no space left on device", "No space left on device"}
)

// explain adds what to do to the errors that a machine, not the project, is
// the cause of.
func explain(err error) error {
	switch text := err.Error(); {
	case containsAny(text, full):
		return fmt.Errorf("%w\nthe disk is full: free some space, or set XDG_CACHE_HOME, GOCACHE and TMPDIR to a larger disk; what is complete is kept", err)
	case containsAny(text, unreachable):
		return fmt.Errorf("%w\na registry cannot be reached: check the network and its settings (Go: go env GOPROXY; Python: pip config list; Debian: the apt sources), then run \"lab build\" again: what is complete is kept", err)
	}
	return err
}

func containsAny(s string, words []string) bool {
	for _, w := range words {
		if strings.Contains(s, w) {
			return true
		}
	}
	return false
}
