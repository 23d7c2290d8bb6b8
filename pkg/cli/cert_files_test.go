package cli

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// TestWriteNew: all files or none, none over one that is there, no leftovers, and keys
// for their owner only.
func TestWriteNew(t *testing.T) {
	dir := t.TempDir()
	key, crt := newFile{filepath.Join(dir, "a.key"), []byte("key"), 0o600}, newFile{filepath.Join(dir, "a.crt"), []byte("crt"), 0o644}
	nowhere := newFile{filepath.Join(dir, "no", "where"), nil, 0o644}
	if err := writeNew(key, nowhere); err == nil || len(files(t, dir)) > 0 {
		t.Errorf("%v, and there are %q: the first must not stay when the second fails", err, files(t, dir))
	}
	if err := writeNew(key, crt); err != nil || len(files(t, dir)) != 2 {
		t.Fatalf("%v, and there are %q", err, files(t, dir))
	}
	if st, err := os.Stat(key.path); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("mode %v of the key, error %v", st.Mode(), err)
	}
	other := newFile{filepath.Join(dir, "b.key"), []byte("b"), 0o600}
	if err := writeNew(other, newFile{crt.path, []byte("new"), 0o644}); !errors.Is(err, fs.ErrExist) || len(files(t, dir)) != 2 {
		t.Errorf("%v, and there are %q", err, files(t, dir))
	}
	// Somebody makes the file between the look and the write.
	if err := (newFile{crt.path, []byte("new"), 0o644}).write(); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a file that is there is written over: %v", err)
	}
	if err := os.Symlink(filepath.Join(dir, "target"), filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	if err := writeNew(newFile{filepath.Join(dir, "link"), nil, 0o600}); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a link that leads nowhere is followed: %v", err)
	}
	if text, err := os.ReadFile(crt.path); err != nil || string(text) != "crt" {
		t.Errorf("%q %v", text, err)
	}
}

func files(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out
}
