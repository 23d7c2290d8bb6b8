package main

import (
	"context"

	"github.com/mesh-tls/kubectl-mesh-tls/e2e/lab/internal/cluster"
)

func (l *lab) manifests(ctx context.Context, args []string) error {
	rest, err := parse(flags("manifests"), args, 1, 1)
	if err != nil {
		return err
	}
	cache, _, err := l.cache()
	if err != nil {
		return err
	}
	return cluster.Render(ctx, cache.Bin(), rest[0])
}
