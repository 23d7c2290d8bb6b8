package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"io/fs"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPackIsReproducible(t *testing.T) {
	files := []file{{"LICENSE", 0o644, []byte("free")}, {"program", 0o755, bytes.Repeat([]byte("code"), 10000)}}
	for _, p := range []platform{{"linux", "amd64"}, {"windows", "amd64"}} {
		first, err := pack(p, files)
		if err != nil {
			t.Fatal(err)
		}
		second, err := pack(p, files)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(first, second) {
			t.Errorf("%s: packing the same files twice gives different archives", p)
		}
		got := unpack(t, p, first)
		if diff := cmp.Diff(files, got, cmp.AllowUnexported(file{})); diff != "" {
			t.Errorf("%s: what was packed is not what comes out (-want +got):\n%s", p, diff)
		}
	}
}

func unpack(t *testing.T, p platform, packed []byte) []file {
	t.Helper()
	var out []file
	add := func(name string, mode fs.FileMode, r io.Reader) {
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, file{name, mode, data})
	}
	if p.os == "windows" {
		zr, err := zip.NewReader(bytes.NewReader(packed), int64(len(packed)))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range zr.File {
			r, err := f.Open()
			if err != nil {
				t.Fatal(err)
			}
			add(f.Name, f.Mode().Perm(), r)
		}
		return out
	}
	gz, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	tr := tar.NewReader(gz)
	for {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		add(h.Name, fs.FileMode(h.Mode), tr)
	}
}
