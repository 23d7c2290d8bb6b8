// Package kube is the edge to a live cluster: the kubeconfig, "deploy/web" to
// targets, reading objects, the admin port of a proxy (one port-forward per
// pod) and a byte pipe from a pod's own network. It fetches and judges nothing:
// it must not know what a finding is, decode what an Envoy answers, or write
// to the cluster.
package kube
