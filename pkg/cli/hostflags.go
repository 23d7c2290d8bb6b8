package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/pflag"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/cert"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
)

// hostFlags are the flags of recipes that make TLS of traffic to an external host.
type hostFlags struct {
	applyFlags
	certFlags
	name                         string
	ca, caFile, caPath           string
	caSecret, caConfigMap        string
	sni, workload, resolution    string
	sans, exportTo               []string
	addresses, endpointAddresses []string
}

func (f *hostFlags) add(fs *pflag.FlagSet) {
	fs.StringVar(&f.name, "name", "", "name of the intent and of its objects (default: made of HOST)")
	fs.StringVar(&f.caFile, "ca-file", "", "PEM `FILE` here with the CA of the server")
	fs.StringVar(&f.caPath, "ca-path", "", "`PATH` of the CA inside the sidecar")
	fs.StringVar(&f.ca, "ca", "", "`system`: the public CAs of the sidecar's image")
	fs.StringVar(&f.caSecret, "ca-secret", "", "existing Secret `NAME` (Istio reads NAME-cacert, then NAME); needs --workload")
	fs.StringVar(&f.caConfigMap, "ca-configmap", "", "existing ConfigMap `NAME` with ca.crt (Istio 1.26+)")
	fs.StringVar(&f.sni, "sni", "", "server name to send (default HOST)")
	fs.StringSliceVar(&f.sans, "san", nil, "name that the server's certificate must have (default HOST; may be repeated)")
	fs.StringVar(&f.workload, "workload", "", "`LABELS` of the client pods, app=x,tier=y (default: every pod that sees the rule)")
	fs.StringSliceVar(&f.exportTo, "export-to", nil, "namespaces that see it: '.', '*' or names (default '.', the namespace itself)")
	fs.StringVar(&f.resolution, "resolution", "", "how the sidecar finds the server: DNS, DNS_ROUND_ROBIN, STATIC or NONE (default DNS)")
	fs.StringSliceVar(&f.addresses, "address", nil, "virtual address that the clients dial, so that a TCP port is not taken for every host")
	fs.StringSliceVar(&f.endpointAddresses, "endpoint", nil, "address or name that the sidecar dials instead of HOST")
	f.certFlags.add(fs)
	f.applyFlags.add(fs)
}

// toOptions completes an intent that has its recipe, host and ports. The CA's form
// is still open when it comes as a file, because it depends on the mesh's version.
func (f *hostFlags) toOptions(ctx context.Context, d *deps, it intent.Intent) (enableOptions, error) {
	o := enableOptions{applyFlags: f.applyFlags}
	if err := f.validate(); err != nil {
		return o, err
	}
	namespace, _, err := d.kube.ToRawKubeConfigLoader().Namespace()
	if err != nil {
		return o, fmt.Errorf("find the namespace in the kubeconfig: %w", err)
	}
	it.Name, it.SNI, it.SANs, it.ExportTo = f.name, strings.ToLower(f.sni), f.sans, f.exportTo
	if it.ThroughGateway() {
		it.ExportTo = clientsOf(f.exportTo, namespace)
	} else {
		it.Namespace = namespace
	}
	it.Resolution, it.Addresses, it.Endpoints = strings.ToUpper(f.resolution), f.addresses, f.endpointAddresses
	if f.workload != "" {
		if it.Workload, err = intent.ParseSelector(f.workload); err != nil {
			return o, fmt.Errorf("--workload: %w", err)
		}
	}
	if it.Certificate, err = f.certFlags.reference(); err != nil {
		return o, err
	}
	o.intent = it.Complete()
	if f.certFile != "" {
		o.intent.Certificate.Name = o.intent.Name
	}
	if o.bundle, err = f.setCA(ctx, d, &o.intent); err != nil {
		return o, err
	}
	if err := o.intent.Validate(); err != nil {
		return o, err
	}
	return o, f.readPair(ctx, d, &o)
}

// readPair reads the client certificate's files, and refuses what is of no use before
// anything is written.
func (f *hostFlags) readPair(ctx context.Context, d *deps, o *enableOptions) error {
	if f.certFile == "" {
		return nil
	}
	end, err := readEnd(ctx, d, "--client-cert-file", f.certFile, "--client-key-file", f.keyFile, "--ca-file", f.caFile)
	if err != nil {
		return err
	}
	notes, err := checkEnds(cert.Input{Client: end, Now: d.judged(), Warn: soon})
	if err != nil {
		return err
	}
	o.notes = append(o.notes, notes...)
	o.bundle, err = o.bundle.with(end, f.certFile, f.keyFile)
	return err
}

// setCA fills the intent's CA from the one flag that names it. For a file the
// form is a Secret with --workload and a ConfigMap without; the run checks that
// the mesh can read it.
func (f *hostFlags) setCA(ctx context.Context, d *deps, it *intent.Intent) (*bundle, error) {
	given := 0
	for _, v := range []string{f.ca, f.caFile, f.caPath, f.caSecret, f.caConfigMap} {
		if v != "" {
			given++
		}
	}
	pair := it.Certificate
	switch {
	case given == 0 && f.certFlags.secret != "":
		it.CA = intent.CA{Kind: intent.CASecret, Name: pair.Name} // the same Secret, or the one with -cacert beside it
	case given == 0:
		return nil, fmt.Errorf("which CA signs the server's certificate? give --ca-file FILE, --ca-path PATH (in the sidecar), --ca-secret, --ca-configmap, or --ca system for the public CAs")
	case given > 1:
		return nil, fmt.Errorf("give one of --ca-file, --ca-path, --ca-secret, --ca-configmap and --ca, not several")
	case f.ca != "":
		if f.ca != "system" {
			return nil, fmt.Errorf("--ca %q: the only word is system; a file is --ca-file, a path in the sidecar --ca-path", f.ca)
		}
		it.CA = intent.CA{Kind: intent.CASystem}
	case f.caPath != "":
		it.CA = intent.CA{Kind: intent.CAPath, Name: f.caPath}
	case f.caSecret != "":
		it.CA = intent.CA{Kind: intent.CASecret, Name: f.caSecret}
	case f.caConfigMap != "":
		it.CA = intent.CA{Kind: intent.CAConfigMap, Name: f.caConfigMap}
	default:
		b, err := readBundle(ctx, d, "--ca-file", f.caFile)
		if err != nil {
			return nil, err
		}
		it.CA = intent.CA{Kind: intent.CAConfigMap, Name: it.Name, Fingerprints: b.fingerprints()}
		if (len(it.Workload) > 0 || it.ThroughGateway()) && pair.Kind != intent.PairPath {
			it.CA.Kind = intent.CASecret
		}
		if pair.Kind == intent.PairSecret {
			it.CA.Name = pair.Name
		}
		return b, nil
	}
	return nil, nil
}
