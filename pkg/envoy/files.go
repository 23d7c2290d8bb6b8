package envoy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
)

// ErrNotSaved says that a saved dump does not have an answer.
var ErrNotSaved = errors.New("not saved")

// Files gives saved answers: a folder with config_dump.json and, where there,
// clusters.json, stats and server_info.json; or a single file.
type Files struct {
	from fs.FS
	dump string
}

// NewFiles makes a Getter of a folder. The name is that of the config dump in
// it when the user named one file; empty means config_dump.json. With a single
// file the others are not looked for: what lies beside it may be another
// proxy's.
func NewFiles(from fs.FS, configDumpName string) Files {
	return Files{from: from, dump: configDumpName}
}

// savedNames are the names under which each answer is looked for.
var savedNames = map[string][]string{
	"config_dump": {"config_dump.json", "config_dump", "configdump.json", "config-dump.json"},
	"clusters":    {"clusters.json", "clusters", "clusters.txt"},
	"stats":       {"stats", "stats.json", "stats.txt"},
	"server_info": {"server_info.json", "server_info"},
}

// Get implements Getter. Queries do not matter: a file holds all there is.
func (f Files) Get(_ context.Context, path string) (io.ReadCloser, error) {
	name, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "?")
	names := savedNames[name]
	if f.dump != "" {
		if name != "config_dump" {
			return nil, fmt.Errorf("the dump is one file without %s: %w", label(name), ErrNotSaved)
		}
		names = []string{f.dump}
	}
	for _, n := range names {
		file, err := f.from.Open(n)
		switch {
		case err == nil:
			return notFolder(file, n)
		case !errors.Is(err, fs.ErrNotExist):
			return nil, fmt.Errorf("open %s: %w", n, reason(err))
		}
	}
	if f.dump != "" {
		return nil, fmt.Errorf("there is no file %s", f.dump)
	}
	return nil, fmt.Errorf("the dump has no %s: %w", label(name), ErrNotSaved)
}

func label(name string) string {
	if names := savedNames[name]; len(names) > 0 {
		return names[0]
	}
	return name
}

// notFolder refuses folders: reading one fails with words that help nobody.
func notFolder(file fs.File, name string) (io.ReadCloser, error) {
	info, err := file.Stat()
	if err == nil && info.IsDir() {
		err = errors.New("it is a folder")
	}
	if err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("open %s: %w", name, reason(err))
	}
	return file, nil
}

// reason takes the path out of an error: the caller knows it.
func reason(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}
