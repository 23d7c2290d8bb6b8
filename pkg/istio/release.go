package istio

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
)

// First minor releases of Istio 1.x that honour what a plan may use.
const (
	selectorSince  = 14 // workloadSelector, and credentialName on sidecars
	autoNameSince  = 21 // auto SNI and auto SAN on by default
	configMapSince = 26 // credentialName configmap://
)

// checkRelease refuses what a release of Istio would ignore: an older one treats a
// credentialName that it does not know as a Secret, and a sidecar without selector
// then gets no TLS at all. Where the release is not known it returns a note.
func checkRelease(i intent.Intent, version string) (notes []string, err error) {
	if i.Recipe == intent.RecipeStrict || i.AtGateway() {
		return nil, nil // both are as old as what this tool works on
	}
	minor, known := minorOf(version)
	if strings.HasPrefix(i.Host, "*") {
		switch {
		case !known:
			notes = append(notes, fmt.Sprintf("a wildcard needs Istio 1.%d or later, and the version was not found: an older one checks no name", autoNameSince))
		case minor < autoNameSince:
			err = errors.Join(err, fmt.Errorf("host: a wildcard needs 1.%d or later, here neither SNI nor the name to check would be taken from the request: enable each host by its name", autoNameSince))
		}
	}
	if i.CA.Kind == intent.CAConfigMap {
		switch {
		case !known:
			notes = append(notes, fmt.Sprintf("a CA from a ConfigMap needs Istio 1.%d or later, and the version was not found: an older one sends plain text", configMapSince))
		case minor < configMapSince:
			err = errors.Join(err, fmt.Errorf("ca.kind: a CA from a ConfigMap needs 1.%d or later, here the traffic would stay plain: "+
				"use a file in the sidecar (--ca-path) or a Secret together with --workload", configMapSince))
		}
	}
	if len(i.Workload) > 0 {
		switch {
		case !known:
			notes = append(notes, fmt.Sprintf("a rule for some workloads needs Istio 1.%d or later, and the version was not found", selectorSince))
		case minor < selectorSince:
			err = errors.Join(err, fmt.Errorf("workload: a rule for some workloads needs 1.%d or later, here it would be for all: leave --workload out", selectorSince))
		}
	}
	return notes, err
}

// minorOf reads the 26 of "1.26.2" or "v1.26-alpha.x"; versions that are not 1.x
// (builds of a branch) are not known.
func minorOf(version string) (int, bool) {
	rest, ok := strings.CutPrefix(strings.TrimPrefix(version, "v"), "1.")
	if !ok {
		return 0, false
	}
	end := strings.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' })
	if end >= 0 {
		rest = rest[:end]
	}
	minor, err := strconv.Atoi(rest)
	return minor, err == nil
}
