package apply

import (
	"context"
	"slices"
)

// Group is a change of several owners that is one: each has a journal of its own, and
// all are written before the first object is.
type Group struct {
	ID string `json:"id"` // different for every change
	// Members are the owners in this cluster, in the order of the writes.
	Members []Member `json:"members"`
	// Elsewhere names what belongs to the change in other clusters, for a person: no
	// journal leads there.
	Elsewhere []string `json:"elsewhere,omitempty"`
}

// Member is one owner of a group.
type Member struct {
	Owner     string `json:"owner"`
	Namespace string `json:"namespace"`
}

func (m Member) String() string { return m.Namespace + "/" + m.Owner }

// Together reads the journals of the change that j belongs to, j among them, in the
// order of its writes; j alone when it is no part of a group. Members whose last change
// is another by now, or is forgotten, are apart.
func (c *Client) Together(ctx context.Context, j *Journal) (whole []*Journal, apart []Member, err error) {
	if j.Group == nil {
		return []*Journal{j}, nil, nil
	}
	self := Member{Owner: j.Owner, Namespace: j.Namespace}
	for _, m := range j.Group.Members {
		other := j
		if m != self {
			if other, err = c.Journal(ctx, m.Namespace, m.Owner); err != nil {
				return nil, nil, err
			}
		}
		if other == nil || !other.sameChange(j) {
			apart = append(apart, m)
			continue
		}
		whole = append(whole, other)
	}
	if !slices.Contains(whole, j) { // a journal that does not name itself was written by nobody of us
		whole = append(whole, j)
	}
	return whole, apart, nil
}

func (j *Journal) sameChange(other *Journal) bool {
	return j.Group != nil && other.Group != nil && j.Group.ID == other.Group.ID
}
