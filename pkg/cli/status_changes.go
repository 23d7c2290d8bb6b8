package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/apply"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/report"
)

// unfinished are the changes of enable and disable that were begun and not ended, by
// the journals that they keep in the cluster. Journals that may not be read are a
// problem that the report tells.
func (s *statusRun) unfinished(ctx context.Context) []report.StatusChange {
	mapper, err := s.client.Mapper()
	if err != nil {
		s.problem(err)
		return nil
	}
	reader := apply.New(s.client.Dynamic(), mapper)
	namespaces := s.namespaces
	if namespaces == nil {
		namespaces = []string{""}
	}
	var out []report.StatusChange
	for _, namespace := range namespaces {
		journals, err := reader.Journals(ctx, namespace)
		if err != nil {
			s.problem(err)
		}
		for _, j := range journals {
			if !j.Unfinished() {
				continue
			}
			out = append(out, report.StatusChange{Name: j.Owner, Namespace: j.Namespace, Since: j.Started.UTC().Format(time.RFC3339),
				About: fmt.Sprintf("%s, %d objects: interrupted, or somebody is at it", j.Step, len(j.Entries)),
				Next:  fmt.Sprintf("kubectl mesh-tls undo %s -n %s", j.Owner, j.Namespace)})
		}
	}
	return out
}

func (s *statusRun) problem(err error) {
	s.mesh.config.Problems = append(s.mesh.config.Problems, "whether changes are unfinished is not known: "+err.Error())
}
