// Package manifests holds Istio's manifests as istioctl rendered them for the
// lab ("lab manifests DIR" renders them again), so that istioctl need not be
// built. They must not be edited by hand.
package manifests

import _ "embed"

// CRDs are Istio's custom resource definitions.
//
//go:embed crds.yaml
var CRDs []byte

// Istio is the rest of the profile "minimal": istiod and its webhooks.
//
//go:embed istio.yaml
var Istio []byte

// Gateway is what the profile "default" adds: the ingress gateway.
//
//go:embed gateway.yaml
var Gateway []byte
