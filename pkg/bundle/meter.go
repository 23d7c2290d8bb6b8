package bundle

import "io"

// counter counts the bytes of the packed file.
type counter struct {
	from io.Reader
	n    int64
}

// Read implements io.Reader.
func (c *counter) Read(p []byte) (int, error) {
	n, err := c.from.Read(p)
	c.n += int64(n)
	return n, err
}

// meter stops a file that grows out of proportion while it is unpacked.
type meter struct {
	from   io.Reader
	packed *counter
	n      int64
}

// Read implements io.Reader.
func (m *meter) Read(p []byte) (int, error) {
	n, err := m.from.Read(p)
	m.n += int64(n)
	if m.n > freeRatio && m.n/mostRatio > m.packed.n {
		return 0, errBomb
	}
	return n, err
}
