package bundle

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/redact"
)

// mostExtensions bounds configurations inside each other: each is held while the next
// is read. pkg/envoy follows 16.
const mostExtensions = 24

// extension copies the configuration of a filter or a socket. Filters that speak a
// protocol of their own name their clusters in many places, and passwords beside
// them: of those only the type and the clusters are kept.
func (r *redactor) extension(member string) error {
	raw, err := r.dec.ReadValue()
	if err != nil {
		return err
	}
	var head struct {
		Type string `json:"@type"`
		URL  string `json:"type_url"`
	}
	_ = json.Unmarshal(raw, &head) // without a type it is no such filter
	kind := head.Type
	if head.URL != "" {
		kind = head.URL
	}
	if clusterFilters[kind[strings.LastIndexByte(kind, '.')+1:]] {
		kept := struct {
			Type     string `json:"@type"`
			URL      string `json:"type_url,omitempty"`
			Clusters []sent `json:"clusters,omitempty"`
			Value    any    `json:"value,omitempty"`
		}{Type: redact.Text(head.Type), URL: redact.Text(head.URL), Clusters: clustersIn(raw)}
		if head.URL != "" { // a TypedStruct: the message is its value
			kept.Value, kept.Clusters = map[string]any{"clusters": kept.Clusters}, nil
		}
		text, err := json.Marshal(kept)
		if err != nil {
			return err
		}
		return r.enc.WriteValue(text)
	}
	if r.deep++; r.deep > mostExtensions {
		r.deep--
		return r.enc.WriteValue(jsontext.Value("{}"))
	}
	outer := r.dec
	defer func() { r.dec = outer; r.deep-- }()
	r.dec = jsontext.NewDecoder(bytes.NewReader(raw.Clone()), jsontext.AllowDuplicateNames(true))
	return r.object(member)
}

// sent is where a part of a filter's calls goes: a cluster, or the one that a header names.
type sent struct {
	Cluster string `json:"cluster,omitempty"`
	Header  string `json:"cluster_header,omitempty"`
}

// clustersIn gives every text member called cluster or cluster_header, at any depth, and the names of weighted clusters.
func clustersIn(raw jsontext.Value) []sent {
	var found []sent
	dec := jsontext.NewDecoder(bytes.NewReader(raw), jsontext.AllowDuplicateNames(true))
	for {
		t, err := dec.ReadToken()
		if err != nil {
			return found
		}
		if kind, n := dec.StackIndex(dec.StackDepth()); t.Kind() != '"' || kind != '{' || n%2 == 1 {
			continue // no value of a member
		}
		at := dec.StackPointer()
		switch member := at.LastToken(); {
		case member == "cluster", member == "name" && at.Parent().Parent().Parent().LastToken() == "weighted_clusters":
			found = append(found, sent{Cluster: redact.Text(t.String())})
		case member == "cluster_header":
			found = append(found, sent{Header: redact.Text(t.String())})
		}
	}
}
