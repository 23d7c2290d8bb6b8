package envoy

import (
	"fmt"
	"io"
)

// maxElement bounds what one cluster, listener, route configuration or secret
// may take, in bytes: the decoder holds one of them at a time.
const maxElement = 32 << 20

var errElement = fmt.Errorf("one entry in it is larger than %d MiB, or of more than a million parts: no proxy has such a cluster, listener or secret", maxElement>>20)

// meter ends a text in which one value is too large to hold.
type meter struct {
	from  io.Reader
	since int64
}

// mark says that a new value begins.
func (m *meter) mark() { m.since = 0 }

// Read implements io.Reader.
func (m *meter) Read(p []byte) (int, error) {
	if m.since > maxElement {
		return 0, errElement
	}
	n, err := m.from.Read(p)
	m.since += int64(n)
	return n, err
}
