// What of it is used: the published CRDs of wgpolicyk8s.io, as files. They are in no smaller module.
module github.com/mesh-tls/kubectl-mesh-tls/e2e/lab/parts/policyreport

go 1.26.0

require github.com/kyverno/kyverno v1.13.4
