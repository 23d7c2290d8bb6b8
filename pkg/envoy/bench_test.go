package envoy

import (
	"context"
	"testing"
	"testing/fstest"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// BenchmarkRead reads the dump of a sidecar with 2,000 clusters.
func BenchmarkRead(b *testing.B) {
	text := generated(2000, 4)
	files := NewFiles(fstest.MapFS{"config_dump.json": {Data: text}}, "")
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		p, err := Read(context.Background(), facts.Target{}, files, Scope{All: true})
		if err != nil {
			b.Fatal(err)
		}
		if len(p.Upstreams) != 2000 || len(p.Problems) > 0 {
			b.Fatalf("%d upstreams, problems %q", len(p.Upstreams), p.Problems)
		}
	}
}
