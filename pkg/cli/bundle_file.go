package cli

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// outputFile is a file that appears when it is whole, and not before.
type outputFile struct {
	io.Writer
	path string
	temp *os.File // nil: standard output, or done
	n    int64
}

// newOutputFile begins a file beside the wanted one; - is the stream.
func newOutputFile(stream io.Writer, path string) (*outputFile, error) {
	if path == "-" {
		return &outputFile{Writer: stream, path: path}, nil
	}
	temp, err := os.CreateTemp(filepath.Dir(path), ".mesh-tls-*") // mode 0600
	if err != nil {
		return nil, fmt.Errorf("--output: %w", err)
	}
	return &outputFile{Writer: temp, path: path, temp: temp}, nil
}

// Write implements io.Writer.
func (f *outputFile) Write(p []byte) (int, error) {
	n, err := f.Writer.Write(p)
	f.n += int64(n)
	return n, err
}

// keep gives the file its name, and tells its size in bytes.
func (f *outputFile) keep() (int64, error) {
	if f.temp == nil {
		return f.n, nil
	}
	if err := f.temp.Close(); err != nil {
		return 0, fmt.Errorf("--output: %w", err)
	}
	if err := os.Rename(f.temp.Name(), f.path); err != nil {
		return 0, fmt.Errorf("--output: %w", err)
	}
	f.temp = nil
	return f.n, nil
}

// drop removes what was not kept.
func (f *outputFile) drop() {
	if f.temp != nil {
		_ = f.temp.Close()
		_ = os.Remove(f.temp.Name())
	}
}
