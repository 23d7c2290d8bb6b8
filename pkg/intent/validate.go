package intent

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// problems collects what is wrong; each entry names the field and the flag that
// sets it, so that a user of either can find it.
type problems struct{ errs []error }

func (p *problems) add(field, flag, format string, args ...any) {
	p.errs = append(p.errs, &FieldError{Field: field, flag: flag, cause: fmt.Errorf(format, args...)})
}

// FieldError is what is wrong with one field. Field is its path in an intent, ports[0].number.
type FieldError struct {
	Field string
	flag  string // that sets it, "" for none
	cause error
}

func (e *FieldError) Error() string {
	where := e.Field
	if e.flag != "" {
		where += " (" + e.flag + ")"
	}
	return where + ": " + e.cause.Error()
}

func (e *FieldError) Unwrap() error { return e.cause }

// Validate tells everything that is wrong with an intent, joined; nil when Istio
// would do what it says. It refuses what Istio accepts and silently ignores, and
// says why. It does no I/O: that a Secret exists is not its business.
func (i Intent) Validate() error {
	p := &problems{}
	i.checkIdentity(p)
	i.checkThrough(p)
	if i.Recipe == RecipeStrict {
		i.checkStrict(p)
		return errors.Join(p.errs...)
	}
	i.checkMutual(p)
	if i.AtGateway() {
		i.checkGateway(p)
		return errors.Join(p.errs...)
	}
	i.checkHost(p)
	i.checkPorts(p)
	i.checkNames(p)
	i.checkCA(p)
	i.checkPair(p)
	i.checkScope(p)
	i.checkResolution(p)
	i.checkEgress(p)
	return errors.Join(p.errs...)
}

var recipes = []Recipe{RecipeOrigination, RecipeEgress, RecipeStrict, RecipeMutual}

func (i Intent) checkIdentity(p *problems) {
	if !isLabel(i.Name) {
		p.add("name", "--name", "%q is not 1 to 63 lower-case letters, digits and inner dashes", i.Name)
	}
	if !isLabel(i.Namespace) {
		p.add("namespace", "-n", "%q is not the name of a namespace", i.Namespace)
	}
	if !slices.Contains(recipes, i.Recipe) {
		p.add("recipe", "", "%q is unknown: valid are %s, %s, %s, %s", i.Recipe, RecipeOrigination, RecipeEgress, RecipeStrict, RecipeMutual)
	}
	if i.Recipe == RecipeStrict {
		return
	}
	if i.Mesh || len(i.PortModes) > 0 {
		p.add("portModes", "", "modes of ports, and a scope of the mesh, belong to recipe %s", RecipeStrict)
	}
	switch {
	case i.Mode == ModeSimple && i.Certificate.Kind != PairNone:
		p.add("mode", "", "%s presents no client certificate, and one is given: that is %s", ModeSimple, ModeMutual)
	case i.Mode == ModeMutual && i.Certificate.Kind == PairNone:
		p.add("certificate", "--client-cert-file", "%s needs a client certificate: give files here (--client-cert-file, --client-key-file), files in the sidecar "+
			"(--client-cert-path, --client-key-path), or a Secret (--client-secret)", ModeMutual)
	case i.Mode != ModeSimple && i.Mode != ModeMutual:
		p.add("mode", "", "%q is unknown: valid are %s and %s", i.Mode, ModeSimple, ModeMutual)
	}
}

func (i Intent) checkHost(p *problems) {
	const field, arg = "host", "HOST:PORT"
	switch {
	case isIP(i.Host):
		p.add(field, arg, "%s is an address: Istio knows a host by its name and checks the certificate against it; "+
			"give a name, and the address with --resolution STATIC and an endpoint", i.Host)
	case i.isWildcard():
		i.checkWildcard(p)
	case i.Host != strings.ToLower(strings.TrimSuffix(i.Host, ".")):
		p.add(field, arg, "%q must be in lower case and without a trailing dot", i.Host)
	case checkName(i.Host) != nil:
		p.add(field, arg, "%q %w", i.Host, checkName(i.Host))
	case !strings.Contains(i.Host, "."):
		p.add(field, arg, "%s has no dot: Istio reads it as the Service %s of the rule's own namespace; give the full name", i.Host, i.Host)
	case strings.HasSuffix(i.Host, ".svc") || strings.HasSuffix(i.Host, ".svc.cluster.local"):
		p.add(field, arg, "%s is a Service of the cluster: this recipe is for hosts outside the mesh", i.Host)
	}
}

func (i Intent) checkPorts(p *problems) {
	if len(i.Ports) == 0 {
		p.add("ports", "HOST:PORT", "at least one port is needed")
	}
	seen := map[int]bool{}
	for n, port := range i.Ports {
		field := fmt.Sprintf("ports[%d]", n)
		if port.Number < 1 || port.Number > 65535 {
			p.add(field+".number", "HOST:PORT", "%d is not from 1 to 65535", port.Number)
		}
		if seen[port.Number] {
			p.add(field+".number", "HOST:PORT", "%d stands twice", port.Number)
		}
		seen[port.Number] = true
		switch {
		case port.Protocol == ProtocolHTTPS || port.Protocol == ProtocolTLS:
			p.add(field+".protocol", "--protocol", "%s on port %d means that the application speaks TLS itself, and the sidecar would put that TLS "+
				"into another one; if the application speaks plain text there, say what: valid are %s", port.Protocol, port.Number, validProtocols())
		case !slices.Contains(originable, port.Protocol):
			p.add(field+".protocol", "--protocol", "%q is unknown: valid are %s", port.Protocol, validProtocols())
		}
	}
}

// checkScope: who sees the rule. Istio keeps a rule with a workload selector in its
// own namespace and refuses other mixtures only at its webhook, if that runs.
func (i Intent) checkScope(p *problems) {
	for _, key := range sortedKeys(i.Workload) {
		if err := checkLabel(key, i.Workload[key]); err != nil {
			p.add("workload", "--workload", "%w", err)
		}
	}
	if len(i.ExportTo) == 0 {
		p.add("exportTo", "--export-to", "nothing is given, which means whatever the mesh's default is: say %q (this namespace), %q or namespaces", ExportHere, ExportEverywhere)
	}
	seen := map[string]bool{}
	for _, to := range i.ExportTo {
		ns := to
		if to == ExportHere {
			ns = i.Namespace
		}
		switch {
		case to != ExportEverywhere && !isLabel(ns):
			p.add("exportTo", "--export-to", "%q is unknown: valid are %q, %q or namespaces", to, ExportHere, ExportEverywhere)
		case seen[ns]:
			p.add("exportTo", "--export-to", "%q stands twice", to)
		case to == ExportEverywhere && len(i.ExportTo) > 1:
			p.add("exportTo", "--export-to", "%q is everyone: leave the others out", to)
		case len(i.Workload) > 0 && ns != i.Namespace && !i.ThroughGateway():
			p.add("exportTo", "--export-to", "%q together with a workload selector: Istio keeps such a rule in its own namespace, "+
				"so clients elsewhere would send plain text; leave one of the two out", to)
		}
		seen[ns] = true
	}
}
