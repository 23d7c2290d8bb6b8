// Package envoy turns what Envoy's admin API says, live or saved, into
// facts.Proxy. It judges nothing and does no I/O of its own: every answer comes
// through a Getter. It reads the answers of any Envoy (admin v2alpha and v3,
// snake_case and istioctl's camelCase, any control plane); what it does not
// know becomes an unknown fact, never a good one. It must not import net/http,
// grpc or Kubernetes, and must not keep private keys, not even for a moment
// longer than the answer is being read.
package envoy
