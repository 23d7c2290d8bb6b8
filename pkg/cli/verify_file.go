package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/document"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/istio"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/kube"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/report"
)

// wanted is an intent of a file that verify judges by, and the objects that enable
// makes of it.
type wanted struct {
	intent  intent.Intent
	at      place
	objects []string // Kind namespace/name
}

// readWanted reads intents for verify. Certificates and keys of clients are not opened:
// what the proxies present is seen there.
func readWanted(ctx context.Context, d *deps, files []string) ([]wanted, error) {
	all, err := readIntents(ctx, d, files, func(doc document.Document) (enableOptions, error) {
		doc.Files.CertFile, doc.Files.KeyFile = "", ""
		return optionsOf(ctx, d, applyFlags{}, doc)
	})
	if err != nil {
		return nil, err
	}
	var out []wanted
	for _, o := range all {
		w := wanted{intent: o.intent, at: o.where}
		made := istio.Options{NetworkingVersion: "v1", SecurityVersion: "v1"}
		if o.bundle != nil {
			made.CABundle = o.bundle.pem()
		}
		plan, err := istio.Build(o.intent, made)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", o.where, err)
		}
		for _, u := range plan.Objects {
			w.objects = append(w.objects, facts.Ref{Kind: u.GetKind(), Namespace: u.GetNamespace(), Name: u.GetName()}.String())
		}
		out = append(out, w)
	}
	return out, nil
}

// wantedOf puts the intents of files in the place of those that the cluster notes under
// their names, and beside the others: one that is not enabled is then missed.
func (o verifyOptions) wantedOf(m meshReader) meshReader {
	if len(o.wanted) == 0 {
		return m
	}
	return func() (*mesh, error) {
		read, err := m()
		if err != nil {
			return nil, err
		}
		both := *read
		both.intents = slices.DeleteFunc(slices.Clone(read.intents), func(it intent.Intent) bool {
			return slices.ContainsFunc(o.wanted, func(w wanted) bool { return w.intent.Name == it.Name && w.intent.Namespace == it.Namespace })
		})
		for _, w := range o.wanted {
			both.intents = append(both.intents, w.intent)
		}
		return &both, nil
	}
}

// resolve finds the pods: those that were named, else those that the intents are for. An
// intent without any cannot be judged, which is told.
func (o verifyOptions) resolve(ctx context.Context, c *kube.Client) ([]facts.Target, error) {
	if len(o.targets)+len(o.wanted) == 0 && o.selector == "" {
		return c.Every(ctx)
	}
	if len(o.targets) > 0 || o.selector != "" {
		return c.Resolve(ctx, c.Namespace(), o.targets, o.selector, o.allNamespaces)
	}
	var out []facts.Target
	var errs []error
	for _, w := range o.wanted {
		found, err := targetsOf(ctx, c, w.intent)
		if err != nil {
			errs = append(errs, fmt.Errorf("intent %s/%s (%s): %w", w.intent.Namespace, w.intent.Name, w.at, err))
		}
		for _, t := range found {
			if !slices.ContainsFunc(out, func(other facts.Target) bool { return other.String() == t.String() }) {
				out = append(out, t)
			}
		}
	}
	return out, errors.Join(errs...)
}

// placed says of each finding which document it is about.
func (o verifyOptions) placed(r report.TargetReport, t facts.Target) report.TargetReport {
	for i := range r.Findings {
		f := &r.Findings[i]
		n := slices.IndexFunc(o.wanted, func(w wanted) bool { return f.Object != "" && slices.Contains(w.objects, f.Object) })
		if n < 0 {
			n = slices.IndexFunc(o.wanted, func(w wanted) bool { return w.isAbout(*f, t) })
		}
		if n >= 0 && o.wanted[n].at.file != stdinName {
			at := o.wanted[n].at
			f.Document = &report.Place{File: at.file, Line: cmp.Or(at.lines.Of(aboutFields[f.ID]...), at.line)}
		}
	}
	return r
}

// aboutFields are the fields of an intent that say what a check looks at, the nearest
// first. Where none of them stands in the document, its beginning is what can be shown.
var aboutFields = map[string][]string{
	"MT001": {"host"}, "MT002": {"mode", "ports"}, "MT003": {"ca"}, "MT004": {"ca"}, "MT006": {"subjectAltNames", "sni"}, "MT007": {"sni"},
	"MT008": {"ca"}, "MT009": {"certificate"}, "MT012": {"host"}, "MT013": {"ca"}, "MT016": {"portModes"}, "MT017": {"ports"}, "MT024": {"ca"},
}

// isAbout tells whether a finding is about what the intent asks of this pod: about a
// cluster of its host and port, or about what comes in where that is what is asked.
func (w wanted) isAbout(f report.Finding, t facts.Target) bool {
	it := w.intent
	here := it.Mesh || it.Namespace == t.Namespace || slices.Contains(it.ExportTo, t.Namespace) || slices.Contains(it.ExportTo, intent.ExportEverywhere)
	for k, v := range it.Workload {
		here = here && t.Labels[k] == v
	}
	switch {
	case !here:
		return false
	case it.Recipe == intent.RecipeStrict:
		return f.ID == "MT016"
	case it.AtGateway():
		return f.ID == "MT019"
	}
	part := strings.Split(f.Cluster, "|") // outbound|PORT|SUBSET|HOST
	if len(part) != 4 || !strings.EqualFold(part[3], it.Host) {
		return false
	}
	port, err := strconv.Atoi(part[1])
	return err == nil && (slices.Contains(it.TLSPorts(), port) || slices.ContainsFunc(it.Ports, func(p intent.Port) bool { return p.Number == port }))
}
