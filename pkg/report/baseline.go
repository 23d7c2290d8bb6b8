package report

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"sigs.k8s.io/yaml"
)

// KindBaseline is the kind of a file of known findings.
const KindBaseline = "Baseline"

// Baseline is what a file of known findings says, and what it did in a report.
type Baseline struct {
	File    string  `json:"file"`
	Entries []Known `json:"entries"`
}

// Known is one entry. Namespace, Cluster and Object are globs (* is any text, ?
// one character); an empty one covers everything.
type Known struct {
	ID        string `json:"id"`
	Namespace string `json:"namespace"`
	Cluster   string `json:"cluster"`
	Object    string `json:"object"`
	Reason    string `json:"reason"`
	Expires   string `json:"expires"` // the last day, 2026-12-31 in UTC, or a time in RFC 3339
	State     string `json:"state"`   // used, unused, expired
	Matches   int    `json:"matches"` // findings that are not OK
}

// Accepted says by what a finding is accepted.
type Accepted struct {
	Reason  string `json:"reason"`
	Expires string `json:"expires"`
}

// States of an entry.
const (
	knownUsed    = "used"
	knownUnused  = "unused"
	knownExpired = "expired"
)

// maxBaseline bounds the file in bytes.
const maxBaseline = 4 << 20

// ParseBaseline reads a file of known findings. It is strict: a misspelt field
// would accept more than was meant.
func ParseBaseline(text []byte, file string) (*Baseline, error) {
	if len(text) > maxBaseline {
		return nil, fmt.Errorf("it has more than %d MiB", maxBaseline>>20)
	}
	var in struct {
		APIVersion string `json:"apiVersion"`
		Kind       string `json:"kind"`
		Accepted   []struct {
			ID        string `json:"id"`
			Namespace string `json:"namespace"`
			Cluster   string `json:"cluster"`
			Object    string `json:"object"`
			Reason    string `json:"reason"`
			Expires   string `json:"expires"`
		} `json:"accepted"`
	}
	if len(bytes.TrimSpace(text)) == 0 {
		return nil, errors.New("it is empty")
	}
	if err := yaml.UnmarshalStrict(text, &in); err != nil {
		return nil, err
	}
	if in.APIVersion != APIVersion || in.Kind != KindBaseline {
		return nil, fmt.Errorf("it is %q of %q: want kind: %s and apiVersion: %s", in.Kind, in.APIVersion, KindBaseline, APIVersion)
	}
	b := &Baseline{File: file, Entries: []Known{}}
	for i, e := range in.Accepted {
		k := Known{ID: e.ID, Namespace: e.Namespace, Cluster: e.Cluster, Object: e.Object, Reason: strings.TrimSpace(e.Reason), Expires: e.Expires}
		if err := k.validate(); err != nil {
			return nil, fmt.Errorf("entry %d: %w", i+1, err)
		}
		b.Entries = append(b.Entries, k)
	}
	return b, nil
}

var idPattern = regexp.MustCompile(`^MT[0-9]{3}$`)

func (k Known) validate() error {
	_, err := k.ends()
	switch {
	case !idPattern.MatchString(k.ID):
		return fmt.Errorf("id %q: must be the id of a finding, such as MT006", k.ID)
	case k.Namespace+k.Cluster+k.Object == "":
		return fmt.Errorf("%s: say where, by namespace, cluster or object (\"*\" is everywhere)", k.ID)
	case k.Reason == "":
		return fmt.Errorf("%s: a reason is required", k.ID)
	case k.Expires == "":
		return fmt.Errorf("%s: expires is required, a day such as 2026-12-31", k.ID)
	}
	return err
}

// ends is the first moment at which the entry counts no more.
func (k Known) ends() (time.Time, error) {
	if day, err := time.Parse(time.DateOnly, k.Expires); err == nil {
		return day.AddDate(0, 0, 1), nil
	}
	t, err := time.Parse(time.RFC3339, k.Expires)
	if err != nil {
		return t, fmt.Errorf("%s: expires %q: must be a day such as 2026-12-31, or a time in RFC 3339", k.ID, k.Expires)
	}
	return t, nil
}

// where says what the entry covers, for a person.
func (k Known) where() string {
	var parts []string
	for _, p := range []struct{ label, glob string }{{"namespace ", k.Namespace}, {"cluster ", k.Cluster}, {"object ", k.Object}} {
		if p.glob != "" {
			parts = append(parts, p.label+p.glob)
		}
	}
	return strings.Join(parts, ", ")
}

// glob makes a pattern of a glob; empty fits everything.
func glob(s string) *regexp.Regexp {
	if s == "" {
		s = "*"
	}
	s = regexp.QuoteMeta(s)
	s = strings.ReplaceAll(strings.ReplaceAll(s, `\*`, `.*`), `\?`, `.`)
	return regexp.MustCompile(`(?s)^(` + s + `)$`)
}
