package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/cert"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/document"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/kube"
)

// outputIntent is the format that prints the intent as a document, for a file.
const outputIntent = "intent"

// carryOut enables an intent, or prints it where that is asked: then nothing is written
// to any cluster.
func carryOut(ctx context.Context, d *deps, o enableOptions) error {
	return carryOutAll(ctx, d, newPart(d, o))
}

// carryOutAll does so with several, as one change.
func carryOutAll(ctx context.Context, d *deps, parts ...*part) error {
	if parts[0].output != outputIntent {
		return runEnable(ctx, d, parts...)
	}
	for n, p := range parts {
		if n > 0 {
			fmt.Fprintln(d.Out, "---")
		}
		for _, note := range p.notes {
			fmt.Fprintf(d.Err, "Note: %s\n", note)
		}
		doc := document.Document{Intent: p.intent}
		if p.bundle != nil {
			doc.Files = document.Files{CABundle: string(p.bundle.pem()), CertFile: p.bundle.certFile, KeyFile: p.bundle.keyFile}
		}
		if err := document.Print(d.Out, doc); err != nil {
			return err
		}
	}
	return nil
}

// runIntents enables the intents of the files as one change: all of them are done, or
// none is.
func runIntents(ctx context.Context, d *deps, f applyFlags, files []string) error {
	if err := f.validate(); err != nil {
		return fmt.Errorf("%w\nsee: kubectl mesh-tls enable --help", err)
	}
	all, err := readIntents(ctx, d, files, func(doc document.Document) (enableOptions, error) { return optionsOf(ctx, d, f, doc) })
	if err != nil {
		return err
	}
	var parts []*part
	for _, o := range all {
		if err := guard(ctx, d, &o); err != nil {
			return fmt.Errorf("%s (%s), nothing was written: %w", title(o), o.where, err)
		}
		parts = append(parts, newPart(d, o))
	}
	return carryOutAll(ctx, d, parts...)
}

func title(o enableOptions) string {
	return fmt.Sprintf("intent %s/%s", o.intent.Namespace, o.intent.Name)
}

// readIntents turns documents into what enable takes. Everything that is wrong with
// any of them is in the error.
func readIntents(ctx context.Context, d *deps, files []string, optionsOf func(document.Document) (enableOptions, error)) ([]enableOptions, error) {
	var all []enableOptions
	var errs []error
	seen := map[string]string{}
	for n, name := range files {
		if name == "-" && slices.Contains(files[:n], "-") {
			return nil, errors.New("--filename -: standard input can be read once, and is given twice")
		}
		text, source, err := readDocuments(ctx, d, name)
		if err != nil {
			return nil, err
		}
		docs, err := document.Parse(source, text)
		errs = append(errs, err)
		for _, doc := range docs {
			o, err := optionsOf(doc)
			if err != nil {
				errs = append(errs, placeOf(doc).of(err))
				continue
			}
			if first, twice := seen[title(o)]; twice {
				errs = append(errs, fmt.Errorf("%s: %s stands at %s already: give it another metadata.name", doc.Where(), title(o), first))
			}
			seen[title(o)] = doc.Where()
			all = append(all, o)
		}
	}
	return all, errors.Join(errs...)
}

// stdinName is what messages call it; it is no file.
const stdinName = "standard input"

// readDocuments reads a file, which may be a pipe that nobody has written to yet.
func readDocuments(ctx context.Context, d *deps, name string) (text []byte, source string, err error) {
	if name == "-" {
		text, err = await(ctx, func() ([]byte, error) { return readAtMost(d.In, stdinName, document.MaxText) })
		return text, stdinName, err
	}
	text, err = await(ctx, func() ([]byte, error) { return readFile(name, document.MaxText) })
	if err != nil {
		return nil, name, fmt.Errorf("--filename: %w", err)
	}
	return text, name, nil
}

// optionsOf completes one document. Its namespace is that of the command where it
// names none; another one than -n says is an error, as kubectl has it.
func optionsOf(ctx context.Context, d *deps, f applyFlags, doc document.Document) (enableOptions, error) {
	o := enableOptions{applyFlags: f, intent: doc.Intent, where: placeOf(doc)}
	namespace, explicit, err := d.kube.ToRawKubeConfigLoader().Namespace()
	if err != nil {
		return o, fmt.Errorf("find the namespace in the kubeconfig: %w", err)
	}
	switch {
	case o.intent.Namespace == "":
		o.intent.Namespace = namespace
	case explicit && o.intent.Namespace != namespace:
		return o, fmt.Errorf("metadata.namespace is %s and -n says %s", o.intent.Namespace, namespace)
	}
	o.intent = o.intent.Complete()
	if err := readFilesOf(ctx, d, doc, &o); err != nil {
		return o, err
	}
	return o, o.intent.Validate()
}

// readFilesOf reads the certificates that a document names, relative to its own file.
func readFilesOf(ctx context.Context, d *deps, doc document.Document, o *enableOptions) error {
	f := doc.Files
	at := func(path string) string {
		if path == "" || filepath.IsAbs(path) {
			return path
		}
		return filepath.Join(filepath.Dir(doc.Source), path)
	}
	var err error
	switch {
	case f.CABundle != "" && f.CAFile != "":
		return errors.New("spec.files: give either caBundle or caFile")
	case f.CABundle != "":
		o.bundle, err = parseBundle("spec.files.caBundle", "", []byte(f.CABundle))
	case f.CAFile != "":
		o.bundle, err = readBundle(ctx, d, "spec.files.caFile", at(f.CAFile))
	}
	if err != nil {
		return err
	}
	nameCA(o)
	if f.CertFile == "" && f.KeyFile == "" {
		return nil
	}
	if f.CertFile == "" || f.KeyFile == "" {
		return errors.New("spec.files: certFile and keyFile go together")
	}
	end, err := readEnd(ctx, d, "spec.files.certFile", at(f.CertFile), "spec.files.keyFile", at(f.KeyFile), "", "")
	if err != nil {
		return err
	}
	in := cert.Input{Client: end, Now: d.judged(), Warn: soon}
	if o.intent.AtGateway() {
		in.Client, in.Server, in.Host = cert.End{}, end, o.intent.Host
	}
	if o.notes, err = checkEnds(in); err != nil {
		return err
	}
	o.bundle, err = o.bundle.with(end, at(f.CertFile), at(f.KeyFile))
	return err
}

// nameCA gives a CA that comes along the form and name that flags would.
func nameCA(o *enableOptions) {
	it := &o.intent
	if o.bundle == nil {
		return
	}
	if it.CA.Kind == intent.CAUnset {
		it.CA.Kind, it.CA.Name = intent.CAConfigMap, it.Name
		if len(it.Workload) > 0 || it.ThroughGateway() {
			it.CA.Kind = intent.CASecret
		}
		if it.Certificate.Kind == intent.PairSecret {
			it.CA.Name = it.Certificate.Name
		}
	}
	if len(it.CA.Fingerprints) == 0 {
		it.CA.Fingerprints = o.bundle.fingerprints()
	}
}

// guard looks at what a recipe must not meet in the cluster, as its own command does.
func guard(ctx context.Context, d *deps, o *enableOptions) error {
	it := o.intent
	if it.AtGateway() {
		return lookAtGateway(ctx, d, o)
	}
	if it.Recipe != intent.RecipeStrict || o.output == outputIntent {
		return nil
	}
	c, err := clusterOrNone(ctx, d, o.dryRun)
	if err != nil {
		return err
	}
	root := kube.DefaultRootNamespace
	if c != nil {
		root = c.RootNamespace
	}
	switch {
	case it.Mesh && it.Namespace != root:
		return fmt.Errorf("a policy for the mesh stands in Istio's root namespace, %s, not in %s", root, it.Namespace)
	case !it.Mesh && it.Namespace == root:
		return fmt.Errorf("%s is Istio's root namespace: a policy there is for the whole mesh (mesh: true), and one for some workloads is ignored", root)
	}
	return o.lookAtClients(ctx, c)
}
