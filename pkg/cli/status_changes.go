package cli

import (
	"context"
	"fmt"
	"strings"
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
	told := map[string]bool{} // changes of several intents have a journal for each
	for _, namespace := range namespaces {
		journals, err := reader.Journals(ctx, namespace)
		if err != nil {
			s.problem(err)
		}
		for _, j := range journals {
			if !j.Unfinished() || j.Group != nil && told[j.Group.ID] {
				continue
			}
			if j.Group != nil {
				told[j.Group.ID] = true
			}
			out = append(out, report.StatusChange{Name: j.Owner, Namespace: j.Namespace, Since: j.Started.UTC().Format(time.RFC3339),
				About: aboutChange(j),
				Next:  s.command("undo", j.Owner, j.Namespace)})
		}
	}
	return out
}

func (s *statusRun) problem(err error) {
	s.mesh.config.Problems = append(s.mesh.config.Problems, "whether changes are unfinished is not known: "+err.Error())
}

// aboutChange says what an unfinished change is: of a change of several intents all are
// named, also those of other namespaces and clusters.
func aboutChange(j apply.Journal) string {
	text := fmt.Sprintf("%s, %d objects", j.Step, len(j.Entries))
	if members := ofMembers(j.Group); members != "" {
		text = string(j.Step) + members
	}
	if j.Group != nil && len(j.Group.Elsewhere) > 0 {
		text += "; with " + strings.Join(j.Group.Elsewhere, ", ")
	}
	return text + ": interrupted, or somebody is at it"
}
