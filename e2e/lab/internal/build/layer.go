package build

import (
	"archive/tar"
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// extra is one entry that the root file system does not have.
type extra struct {
	path string
	mode int64
	text string // content, if file is empty and dir is false
	file string // where the content is
	dir  bool
}

// skipped directories are empty in an image, or of no use in one.
var skipped = map[string]bool{
	"proc": true, "sys": true, "dev": true, "debootstrap": true,
	"var/cache/apt": true, "var/lib/apt/lists": true, "usr/share/doc": true, "usr/share/man": true, "usr/share/locale": true,
}

// writeLayer writes root and then the extras as one tar file and returns its
// SHA-256 in hex.
func writeLayer(ctx context.Context, to, root string, extras []extra) (string, error) {
	f, err := os.Create(to)
	if err != nil {
		return "", err
	}
	defer f.Close()
	sum := sha256.New()
	buffered := bufio.NewWriterSize(io.MultiWriter(f, sum), 1<<20)
	w := tar.NewWriter(buffered)
	if err := addTree(ctx, w, root); err != nil {
		return "", err
	}
	for _, e := range extras {
		if err := addFile(w, e); err != nil {
			return "", err
		}
	}
	if err := w.Close(); err != nil {
		return "", err
	}
	if err := buffered.Flush(); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), f.Close()
}

func addTree(ctx context.Context, w *tar.Writer, root string) error {
	return filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		name := strings.TrimPrefix(strings.TrimPrefix(p, root), "/")
		if name == "" {
			return nil
		}
		if skipped[name] {
			return filepath.SkipDir
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		return addEntry(w, p, name, info)
	})
}

func addEntry(w *tar.Writer, from, name string, info fs.FileInfo) error {
	var target string
	if info.Mode()&fs.ModeSymlink != 0 {
		var err error
		if target, err = os.Readlink(from); err != nil {
			return err
		}
	}
	h, err := tar.FileInfoHeader(info, target)
	if err != nil {
		return err
	}
	h.Name, h.Uname, h.Gname = name, "", "" // the numbers count, not this machine's names for them
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		h.Uid, h.Gid = int(s.Uid), int(s.Gid)
	}
	if err := w.WriteHeader(h); err != nil || !info.Mode().IsRegular() {
		return err
	}
	return copyFile(w, from)
}

func addFile(w *tar.Writer, e extra) error {
	h := &tar.Header{Name: e.path, Mode: e.mode, Size: int64(len(e.text)), Typeflag: tar.TypeReg}
	switch {
	case e.dir:
		h.Typeflag, h.Name = tar.TypeDir, e.path+"/"
	case e.file != "":
		info, err := os.Stat(e.file)
		if err != nil {
			return err
		}
		h.Size = info.Size()
	}
	if err := w.WriteHeader(h); err != nil {
		return err
	}
	if e.file != "" {
		return copyFile(w, e.file)
	}
	_, err := io.WriteString(w, e.text)
	return err
}

func copyFile(w io.Writer, from string) error {
	r, err := os.Open(from)
	if err != nil {
		return err
	}
	defer r.Close()
	_, err = io.Copy(w, r)
	return err
}
