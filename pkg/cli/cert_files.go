package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/cert"
)

// readPEM reads every PEM block of a file; flag names it in errors.
func readPEM(ctx context.Context, d *deps, flag, path string) (cert.Pile, error) {
	text, err := d.small(ctx, flag, path)
	if err != nil {
		return nil, err
	}
	p, err := cert.Read(path, text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", flag, err)
	}
	return p, nil
}

// newFile is a file to be made.
type newFile struct {
	path string
	text []byte
	mode fs.FileMode
}

// writeNew makes all of the files or none, and never touches one that is there. Each
// is written whole under another name, readable by its owner only, before it gets its
// own: what is found under the right name is never half a file.
func writeNew(files ...newFile) (err error) {
	var made []string
	defer func() {
		if err != nil {
			for _, path := range made {
				err = errors.Join(err, os.Remove(path))
			}
		}
	}()
	for _, f := range files { // before a key is written for nothing
		if _, err := os.Lstat(f.path); err == nil {
			return fmt.Errorf("write %s: %w, and is never overwritten: choose another NAME or --dir, or move it away", f.path, fs.ErrExist)
		}
	}
	for _, f := range files {
		if err := f.write(); err != nil {
			return err
		}
		made = append(made, f.path)
	}
	return nil
}

func (f newFile) write() error {
	tmp, err := os.CreateTemp(filepath.Dir(f.path), ".mesh-tls-*") // mode 0600
	if err != nil {
		return fmt.Errorf("write %s: %w", f.path, err)
	}
	defer os.Remove(tmp.Name()) //nolint:errcheck // nothing but the name is left by then
	_, err = tmp.Write(f.text)
	err = errors.Join(err, tmp.Chmod(f.mode), tmp.Sync(), tmp.Close())
	if err == nil {
		err = f.place(tmp.Name())
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", f.path, err)
	}
	return nil
}

// place gives a finished file its name, which must be free: a hard link fails where
// a rename would replace. File systems without links get a copy made in place.
func (f newFile) place(tmp string) error {
	err := os.Link(tmp, f.path)
	if err == nil || errors.Is(err, fs.ErrExist) {
		return err
	}
	to, err := os.OpenFile(f.path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, f.mode)
	if err != nil {
		return err
	}
	_, err = to.Write(f.text)
	if err = errors.Join(err, to.Sync(), to.Close()); err != nil {
		return errors.Join(err, os.Remove(f.path))
	}
	return nil
}
