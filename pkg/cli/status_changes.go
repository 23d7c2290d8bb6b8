package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/apply"
	archive "github.com/mesh-tls/kubectl-mesh-tls/pkg/bundle"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/kube"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/report"
)

// unfinishedIn are the changes of enable and disable that were begun and not ended, by
// the journals that they keep in the cluster.
func unfinishedIn(ctx context.Context, c *kube.Client, namespaces []string) archive.Changes {
	var out archive.Changes
	problem := func(err error) { out.Problems = append(out.Problems, err.Error()) }
	mapper, err := c.Mapper()
	if err != nil {
		problem(err)
		return out
	}
	reader := apply.New(c.Dynamic(), mapper)
	if namespaces == nil {
		namespaces = []string{""}
	}
	for _, namespace := range namespaces {
		journals, err := reader.Journals(ctx, namespace)
		if err != nil {
			problem(err)
		}
		for _, j := range journals {
			if !j.Unfinished() {
				continue
			}
			change := archive.Change{Name: j.Owner, Namespace: j.Namespace, Started: j.Started.UTC(), About: aboutChange(j)}
			if j.Group != nil {
				change.Group = j.Group.ID
			}
			out.Items = append(out.Items, change)
		}
	}
	return out
}

// unfinished tells the unfinished changes. Journals that may not be read are a problem
// that the report tells.
func (s *statusRun) unfinished(ctx context.Context) []report.StatusChange {
	changes := s.changes(ctx, s.namespaces)
	for _, why := range changes.Problems {
		s.mesh.config.Problems = append(s.mesh.config.Problems, "whether changes are unfinished is not known: "+why)
	}
	var out []report.StatusChange
	told := map[string]bool{} // changes of several intents have a journal for each
	for _, c := range changes.Items {
		if told[c.Group] {
			continue
		}
		told[c.Group] = c.Group != ""
		out = append(out, report.StatusChange{Name: c.Name, Namespace: c.Namespace, Since: c.Started.Format(time.RFC3339), About: c.About,
			Next: s.command("undo", c.Name, c.Namespace)})
	}
	return out
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
