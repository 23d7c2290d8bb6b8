package cli

import (
	"errors"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/kube"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/report"
)

// notFound turns what could not be resolved into targets with an error, so that
// one pod without a sidecar does not hide the verdict on the others. When nothing
// was found at all, the error itself is the answer.
func notFound(found []facts.Target, err error) ([]report.TargetReport, error) {
	if len(found) == 0 || err == nil {
		return nil, err
	}
	var out []report.TargetReport
	for _, e := range flatten(err) {
		var without *kube.NoSidecarError
		t := facts.Target{Context: found[0].Context, Source: "target"}
		if errors.As(e, &without) {
			t = without.Target
		}
		out = append(out, report.TargetError(t, e))
	}
	return out, nil
}

// flatten takes joined errors apart.
func flatten(err error) []error {
	var joined interface{ Unwrap() []error }
	if !errors.As(err, &joined) {
		return []error{err}
	}
	var out []error
	for _, e := range joined.Unwrap() {
		out = append(out, flatten(e)...)
	}
	return out
}
