package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/cert"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/conflict"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/istio"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/kube"
)

// Conflicts that cannot be looked for, whole, without some kind of object.
var blindTo = map[string][]string{
	kube.KindDestinationRule: {"MT032", "MT033"}, kube.KindServiceEntry: {"MT034", "MT035", "MT037", "MT042"}, kube.KindPeerAuthentication: {"MT030", "MT031"},
	kube.KindService: {"MT031", "MT034", "MT035", "MT044"}, kube.KindVirtualService: {"MT036"}, kube.KindSidecar: {"MT041"}, kube.KindGateway: {"MT040", "MT044"},
}

// readScene reads what the plan could meet: the cluster, and what the other parts of the
// same transaction are going to make of it. What may not be read stands in Missing.
func readScene(ctx context.Context, t *transaction, p *part) (conflict.Input, error) {
	it := p.plan.Intent
	in := conflict.Input{Intent: it, Now: t.d.judged(), Warn: soonEnds}
	plan, err := p.read(p.c.RootNamespace)
	if err != nil {
		return in, err
	}
	in.Plan = *plan.config
	s, err := p.surroundings(ctx, it.Recipe == intent.RecipeStrict, t.namespaces(p.cluster))
	if err == nil {
		s, err = t.with(s, p, in.Now)
	}
	if err != nil {
		return in, err
	}
	in.There, in.Steering, in.Missing = s.config, s.steering, slices.Clone(s.missing)
	if in.Pods, err = p.pods(ctx, namespacesOf(it)); err != nil {
		in.Missing = append(in.Missing, conflict.Missing{What: "pods of namespace " + strings.Join(namespacesOf(it), ", "), Why: err.Error(), IDs: []string{"MT032", "MT033", "MT044"}})
	}
	config, why := p.mesh(ctx)
	if why != "" {
		in.Missing = append(in.Missing, conflict.Missing{What: "the mesh's configuration", Why: why, IDs: []string{"MT042"}})
	} else {
		in.Outbound, in.Captures = istio.Outbound(config), capturesDNS(config)
	}
	in.Secrets = readSecrets(ctx, t, p)
	readSpeakers(ctx, p, &in)
	in.Missing = relevant(in.Missing, it)
	if t.dryRun != "client" {
		in.Rights = readRights(ctx, p)
	}
	return in, stopped(ctx)
}

// soonEnds: certificates that end within this time are told of.
const soonEnds = expiring

// relevant keeps what this intent could meet: a gateway has no rule, a rule no policy.
func relevant(all []conflict.Missing, it intent.Intent) []conflict.Missing {
	var out []conflict.Missing
	for _, m := range all {
		if it.Recipe != intent.RecipeStrict && m.What == kube.KindPeerAuthentication || !it.AtGateway() && !it.ThroughGateway() && m.What == kube.KindGateway {
			continue
		}
		m.IDs = slices.DeleteFunc(slices.Clone(m.IDs), func(id string) bool {
			return it.Recipe != intent.RecipeStrict && (id == "MT030" || id == "MT031") || !it.ThroughGateway() && id == "MT044"
		})
		if len(m.IDs) > 0 {
			out = append(out, m)
		}
	}
	return out
}

// meshConfig reads istiod's configuration, or says why not.
func meshConfig(ctx context.Context, c *kube.Client) (config map[string]any, why string) {
	objects, missing, err := c.Objects(ctx, kube.Query{Kinds: []string{kube.KindConfigMap}, Namespaces: []string{c.RootNamespace}})
	if err != nil {
		return nil, err.Error()
	}
	if why := missing[kube.KindConfigMap]; why != "" {
		return nil, why
	}
	for _, u := range objects {
		text, there, _ := unstructured.NestedString(u.Object, "data", "mesh")
		if !there || u.GetName() != "istio" && !strings.HasPrefix(u.GetName(), "istio-") {
			continue
		}
		if err := yaml.Unmarshal([]byte(text), &config); err != nil {
			return nil, fmt.Sprintf("ConfigMap %s/%s is not YAML", u.GetNamespace(), u.GetName())
		}
		return config, ""
	}
	return nil, "no ConfigMap istio in namespace " + c.RootNamespace
}

// capturesDNS tells whether every sidecar answers DNS itself, by the mesh's default.
func capturesDNS(config map[string]any) bool {
	v, _, _ := unstructured.NestedFieldNoCopy(config, "defaultConfig", "proxyMetadata", "ISTIO_META_DNS_CAPTURE")
	return fmt.Sprint(v) == "true"
}

// readSecrets reads the Secrets that the plan names and that neither it nor another part
// makes.
func readSecrets(ctx context.Context, t *transaction, p *part) []conflict.Secret {
	it := p.plan.Intent
	var names []string
	if it.CA.Kind == intent.CASecret {
		names = append(names, it.CA.Name+cert.CASuffix, it.CA.Name)
	}
	if it.Certificate.Kind == intent.PairSecret {
		names = append(names, it.Certificate.Name)
	}
	made := map[string]bool{}
	for _, o := range slices.Concat(p.plan.Objects, t.beside(p)) {
		if o.GetKind() == "Secret" && o.GetNamespace() == it.Namespace {
			made[o.GetName()] = true
		}
	}
	if made[it.CA.Name+cert.CASuffix] {
		names = slices.DeleteFunc(names, func(n string) bool { return n == it.CA.Name && n != it.Certificate.Name })
	}
	slices.Sort(names)
	var out []conflict.Secret
	for _, name := range slices.Compact(names) {
		if made[name] {
			continue
		}
		s := conflict.Secret{Namespace: it.Namespace, Name: name}
		var err error
		if s.Values, s.Found, err = p.c.SecretValues(ctx, it.Namespace, name); err != nil {
			s.Unread = err.Error()
		} else if !s.Found {
			s.Elsewhere = p.c.SecretNamespaces(ctx, name)
		}
		out = append(out, s)
	}
	return out
}
