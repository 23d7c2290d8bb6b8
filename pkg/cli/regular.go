package cli

import (
	"errors"
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
