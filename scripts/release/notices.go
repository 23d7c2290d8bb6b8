package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"
)

// notices returns the license and notice files of every module that is linked into the program, which their
// licenses ask for. A module without one is an error: then it may not be handed on.
func notices(ctx context.Context, p platform) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "go", "list", "-deps",
		"-f", "{{with .Module}}{{if not .Main}}{{.Path}} {{.Version}}\t{{.Dir}}{{end}}{{end}}", command)
	cmd.Env = goEnv(p)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("listing the modules in the program: %w", err)
	}
	modules := map[string]string{}
	for _, line := range strings.Split(string(out), "\n") {
		if name, dir, ok := strings.Cut(line, "\t"); ok {
			modules[name] = dir
		}
	}
	var b bytes.Buffer
	fmt.Fprintln(&b, "The program is linked with the modules below. Each is followed by its license.")
	for _, name := range sortedKeys(modules) {
		if err := appendNotice(&b, name, modules[name]); err != nil {
			return nil, err
		}
	}
	return b.Bytes(), nil
}

func appendNotice(b *bytes.Buffer, name, dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("looking for the license of %s: %w", name, err)
	}
	found := false
	for _, e := range entries {
		upper := strings.ToUpper(e.Name())
		isLicense := strings.HasPrefix(upper, "LICENSE") || strings.HasPrefix(upper, "LICENCE") || strings.HasPrefix(upper, "COPYING")
		if e.IsDir() || !isLicense && !strings.HasPrefix(upper, "NOTICE") {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return fmt.Errorf("reading the license of %s: %w", name, err)
		}
		found = found || isLicense
		fmt.Fprintf(b, "\n%s\n%s, %s\n\n%s\n", strings.Repeat("=", 100), name, e.Name(), text)
	}
	if !found {
		return fmt.Errorf("%s has no license file: it may not be linked into what we hand on", name)
	}
	return nil
}

func sortedKeys(m map[string]string) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}
