package bundle

import "github.com/mesh-tls/kubectl-mesh-tls/pkg/envoy"

func envoyAll() envoy.Scope { return envoy.Scope{All: true} }
