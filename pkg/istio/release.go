package istio

import (
	"errors"
	"fmt"
	"strings"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
)

// checkRelease refuses what a release of Istio would ignore: an older one treats a
// credentialName that it does not know as a Secret, and a sidecar without selector
// then gets no TLS at all. Where the release is not known it returns a note.
func checkRelease(i intent.Intent, version string) (notes []string, err error) {
	if i.Recipe == intent.RecipeStrict || i.AtGateway() {
		return nil, nil // both are as old as what this tool works on
	}
	at, not := facts.ParseRelease(version), "the version was not found"
	if version != "" {
		not = fmt.Sprintf("%q is none that this tool knows", version)
	}
	needs := func(what string, b facts.Behaviour, unknown, old string) {
		since := facts.Since(b)
		_, known := facts.BehaviourIn(b, at)
		switch {
		case !known:
			notes = append(notes, what+" needs Istio "+since.String()+" or later, and "+not+unknown)
		case at.Before(since):
			err = errors.Join(err, fmt.Errorf(old, since))
		}
	}
	if strings.HasPrefix(i.Host, "*") {
		needs("a wildcard", facts.IstioAutoSNI, ": an older one checks no name",
			"host: a wildcard needs %s or later, here neither SNI nor the name to check would be taken from the request: enable each host by its name")
	}
	if i.CA.Kind == intent.CAConfigMap {
		needs("a CA from a ConfigMap", facts.IstioConfigMapCA, ": an older one sends plain text",
			"ca.kind: a CA from a ConfigMap needs %s or later, here the traffic would stay plain: "+
				"use a file in the sidecar (--ca-path) or a Secret together with --workload")
	}
	if len(i.Workload) > 0 {
		// A rule's workloadSelector came with the release that reads its credentialName.
		needs("a rule for some workloads", facts.IstioCredentialName, "",
			"workload: a rule for some workloads needs %s or later, here it would be for all: leave --workload out")
	}
	return notes, err
}
