package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// openRegular opens a saved file; the caller knows its name. A pipe nobody may write to, and a device may never end.
func openRegular(path string) (*os.File, error) {
	st, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, bare(err)
	case st.IsDir():
		return nil, errors.New("it is a folder: give a file in it")
	case !st.Mode().IsRegular():
		return nil, errors.New("it is a pipe or a device: save what it gives in a file first")
	}
	f, err := os.Open(path)
	return f, bare(err)
}

// bare is an error of a file without its name.
func bare(err error) error {
	var named *fs.PathError
	if errors.As(err, &named) {
		return named.Err
	}
	return err
}

// errTooLong says that there is more than is read.
var errTooLong = errors.New("is too large")

// readFile reads a file that may be a pipe, as for a key that touches no disk, and of a device that never ends no more
// than most bytes.
func readFile(path string, most int) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	return readAtMost(f, path, most)
}

// readAtMost reads a stream to its end; name is what errors call it.
func readAtMost(from io.Reader, name string, most int) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(from, int64(most)+1))
	if err == nil && len(text) > most {
		err = fmt.Errorf("%s %w: more than %d KiB", name, errTooLong, most>>10)
	}
	return text, err
}
