package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/check"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/envoy"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/report"
)

// dumpGCPercent holds a dump of thousands of upstreams in less than two thirds of the memory, for half more CPU; a live proxy is
// waited for, and not worth it (docs/benchmarks.md). It stays for the rest of the command: the report is as large.
const dumpGCPercent = 35

// dumpMemory is where the garbage of a hostile dump is collected at once; a real one stays below.
const dumpMemory = 400 << 20

// verifyDump judges saved answers of a proxy. Nobody's rules are at hand, so
// everything that has TLS is meant to have it, unless --to says what to look at.
func verifyDump(ctx context.Context, d *deps, o verifyOptions) ([]report.TargetReport, error) {
	files, err := openDump(o.dump)
	if err != nil {
		return nil, err
	}
	debug.SetGCPercent(dumpGCPercent)
	debug.SetMemoryLimit(dumpMemory)
	proxy, err := envoy.Read(ctx, facts.Target{Source: o.dump}, files, envoy.Scope{All: true})
	if err != nil {
		return nil, fmt.Errorf("--dump %s: %w", o.dump, err)
	}
	if _, missing := proxy.Missing[facts.FactHandshakes]; !missing {
		proxy.Missing[facts.FactHandshakes] = "a saved dump cannot be probed"
	}
	proxy.TakenAt = proxy.AsOf(d.now())
	in := check.Input{Proxy: proxy, To: o.to, All: true, Policy: o.policy, Now: proxy.TakenAt, Warn: o.warn}
	in.To = in.Named()
	return []report.TargetReport{report.Judge(check.All(), in, o.all, o.format)}, nil
}

// openDump makes a getter of a folder or of one file.
func openDump(path string) (envoy.Files, error) {
	st, err := os.Stat(path)
	switch {
	case err != nil:
		return envoy.Files{}, fmt.Errorf("--dump: %w", err)
	case st.IsDir():
		return envoy.NewFiles(os.DirFS(path), ""), nil
	case !st.Mode().IsRegular():
		return envoy.Files{}, fmt.Errorf("--dump %s: is neither a file nor a folder: save the dump in a file first", path)
	}
	return envoy.NewFiles(os.DirFS(filepath.Dir(path)), filepath.Base(path)), nil
}
