// Package facts holds what was seen: one sidecar (Proxy) and the objects of the
// cluster in plain words (Config). It judges nothing, reads nothing, and knows
// neither Kubernetes nor Envoy's wire types; pkg/check judges, pkg/envoy and
// pkg/istio fill it. Two rules live here because they are facts and not
// judgement: which socket an endpoint uses (SocketFor) and what a PEM bundle
// holds (ParsePEM, every block).
package facts
