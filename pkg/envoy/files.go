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
// clusters.json, stats, server_info.json and certs.json; or a single file.
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
	"config_dump": {"config_dump.json", "config_dump", "configdump.json", "config-dump.json", "config_dump?include_eds"},
	"clusters":    {"clusters.json", "clusters", "clusters.txt", "clusters?format=json"},
	"stats":       {"stats", "stats.json", "stats.txt"},
	"server_info": {"server_info.json", "server_info"},
	"certs":       {"certs.json", "certs"},
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
		file, err := f.open(n)
		if err == nil || !errors.Is(err, fs.ErrNotExist) {
			return file, err
		}
	}
	switch {
	case f.dump != "":
		return nil, fmt.Errorf("there is no file %s", f.dump)
	case name == "config_dump":
		return f.likely()
	}
	return nil, fmt.Errorf("the dump has no %s: %w", label(name), ErrNotSaved)
}

// open opens a regular file: a pipe would be waited for, a device never ends.
func (f Files) open(name string) (io.ReadCloser, error) {
	info, err := fs.Stat(f.from, name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fs.ErrNotExist
	case err != nil:
		return nil, fmt.Errorf("open %s: %w", name, reason(err))
	case info.IsDir():
		return nil, fmt.Errorf("open %s: it is a folder: give a file", name)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("open %s: it is a pipe or a device: save what it gives in a file first", name)
	}
	file, err := f.from.Open(name)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", name, reason(err))
	}
	return file, nil
}

// maxNamed bounds the files of a folder that are looked at by name.
const maxNamed = 10_000

// likely opens the one file of the folder whose name says that it is a config dump,
// as pod-config_dump.json. Of several none is taken: they are those of several proxies.
func (f Files) likely() (io.ReadCloser, error) {
	var found []string
	folders := 0
	if dir, err := f.from.Open("."); err == nil {
		if list, ok := dir.(fs.ReadDirFile); ok {
			entries, _ := list.ReadDir(maxNamed)
			for _, e := range entries {
				name := plain(strings.ReplaceAll(e.Name(), "-", "_"))
				switch {
				case e.IsDir():
					folders++
				case strings.Contains(name, "configdump") && !strings.HasSuffix(name, ".gz"):
					found = append(found, e.Name())
				}
			}
		}
		_ = dir.Close()
	}
	switch {
	case len(found) == 1:
		return f.open(found[0])
	case len(found) > 1:
		return nil, fmt.Errorf("the folder has %d config dumps (%s, %s ...): give one of them, or a folder of one proxy", len(found), found[0], found[1])
	case folders > 0:
		return nil, fmt.Errorf("the dump has no config_dump.json: %w; give the folder of one proxy (in istioctl bug-report: proxies/NAMESPACE/POD)", ErrNotSaved)
	}
	return nil, fmt.Errorf("the dump has no config_dump.json: %w; save the proxy's /config_dump?include_eds under that name", ErrNotSaved)
}

func label(name string) string {
	if names := savedNames[name]; len(names) > 0 {
		return names[0]
	}
	return name
}

// reason takes the path out of an error: the caller knows it.
func reason(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}
