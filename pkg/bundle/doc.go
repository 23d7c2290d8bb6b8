// Package bundle saves what a verify reads in one file, and gives it back: the
// answers of the proxies' admin ports and the objects of the cluster, as a gzipped
// tar. What could be a key, a token or a password never gets into the file: of a
// proxy's answers only the members are kept that pkg/envoy reads. The package does
// not know what the answers mean, judges nothing, opens no file and no connection.
package bundle

import (
	"time"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// APIVersion and Kind name the format of a bundle.
const (
	APIVersion = "mesh-tls.io/v1alpha1"
	Kind       = "Bundle"
)

// Manifest is the first entry of a bundle.
type Manifest struct {
	APIVersion    string    `json:"apiVersion"`
	Kind          string    `json:"kind"`
	Tool          Tool      `json:"tool"`
	CreatedAt     time.Time `json:"createdAt"` // the time that reports of the bundle carry
	Context       string    `json:"context"`
	Namespace     string    `json:"namespace"`
	RootNamespace string    `json:"rootNamespace"`
	Targets       []string  `json:"targets"` // those that follow, in any order
}

// Tool is the program that made the bundle.
type Tool struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

// Objects are the second entry: what the API server gave.
type Objects struct {
	Missing map[string]string `json:"missing"`           // kind -> why it could not be read
	Items   Items             `json:"items"`             // in the order in which they were read, kind by kind
	Pods    *Pods             `json:"pods,omitempty"`    // nil: the version that made the bundle saved none
	Changes *Changes          `json:"changes,omitempty"` // nil: as with the pods
}

// Pods are the running pods, with a sidecar or without, of some namespaces.
type Pods struct {
	Namespaces []string    `json:"namespaces"` // empty: all
	Items      []facts.Pod `json:"items"`
	Error      string      `json:"error"` // why they could not be listed
}

// Changes are the unfinished changes of this tool in those namespaces, by their journals.
type Changes struct {
	Items    []Change `json:"items"`
	Problems []string `json:"problems"` // journals that could not be read
}

// Change is one of them. Those of one group are told once.
type Change struct {
	Name      string    `json:"name"`
	Namespace string    `json:"namespace"`
	Group     string    `json:"group"`
	Started   time.Time `json:"started"`
	About     string    `json:"about"`
}

// Target is what was seen of one proxy; it follows its answers.
type Target struct {
	Target  facts.Target              `json:"target"`
	TakenAt time.Time                 `json:"takenAt"`
	Envoy   string                    `json:"envoy"`
	Istio   string                    `json:"istio"`
	Error   string                    `json:"error"` // why the proxy could not be read; then there may be no answers
	Answers []Answer                  `json:"answers"`
	Probes  []facts.Handshake         `json:"probes"`
	CAs     map[string]facts.CAObject `json:"cas"`     // the objects that the proxy's CAs came from, by the CAs' names in Envoy
	NoProbe string                    `json:"noProbe"` // why there are no probes; empty when they were made
}

// Answer is what one path of the admin port gave: a file, or an error.
type Answer struct {
	Path   string `json:"path"` // with its query
	File   string `json:"file"`
	Error  string `json:"error"`
	Status int    `json:"status"` // of an error: the HTTP status, 0 where there was no answer
}
