package cli

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/istio"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/kube"
)

// choices are the values of flags that take a few words, by command and flag, or by flag
// where it is the same everywhere.
var choices = map[string][]string{
	"dry-run": {"none", "client", "server"}, "disable dry-run": {"none", "server"}, "undo dry-run": {"none", "server"},
	"rollback": {rollbackOnFailure, rollbackNever}, "role": {"client", "gateway"}, "ca": {"system"},
	"resolution": {"DNS", "DNS_ROUND_ROBIN", "STATIC", "NONE"}, "protocol": {"tcp", "http", "http2", "grpc"},
	"form": {"targetport", "virtualservice"}, "secret form": {"tls", "generic"},
	"probe": {string(probeAuto), string(probeAlways), string(probeNever)}, "fail-on": {"fail", "warn", "unknown"},
	"min-tls": {"1.2", "1.3"}, "policy": {"fips", "pqc"},
	"key-type": {"ecdsa", "ecdsa-p384", "rsa", "rsa-3072", "rsa-4096", "ed25519"},
	"output":   {"yaml", "json", outputIntent}, "secret output": {"yaml", "json"}, "migrate output": {"yaml", "json"},
	"verify output": {"table", "wide", "json", "yaml", "junit", "sarif", "github", "markdown", "policyreport", "html"},
	"status output": {"table", "wide", "json", "yaml", "markdown"}, "show output": {"table", "json", "yaml"}, "check output": {"table", "json", "yaml"},
}

// completeTime bounds what a cluster is asked for while somebody waits at a Tab.
const completeTime = 3 * time.Second

// completing gives every command and flag what a shell offers for it. What cannot be found
// out in time is not offered; nothing is ever said about it.
func completing(d *deps, root *cobra.Command) {
	for flag, list := range map[string]lister{"namespace": d.namespaces, "context": d.contexts} {
		_ = root.RegisterFlagCompletionFunc(flag, offer(list)) // fails for a flag that is not there, which the test sees
	}
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		c.LocalNonPersistentFlags().VisitAll(func(f *pflag.Flag) {
			words, there := choices[c.Name()+" "+f.Name]
			if !there {
				words, there = choices[f.Name]
			}
			switch {
			case f.Name == "output" && c.Name() == "bundle": // a file
			case f.Name == "gateway-context" || f.Name == "server-context":
				_ = c.RegisterFlagCompletionFunc(f.Name, offer(d.contexts))
			case f.Name == "gateway-namespace" || f.Name == "from-namespace":
				_ = c.RegisterFlagCompletionFunc(f.Name, offer(d.namespaces))
			case there:
				_ = c.RegisterFlagCompletionFunc(f.Name, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp))
			}
		})
		switch c.Name() {
		case "disable", "undo":
			c.ValidArgsFunction = offer(d.intentNames)
		case "verify", "bundle", "strict":
			c.ValidArgsFunction = offer(d.workloads)
		case "status":
			c.ValidArgsFunction = offer(d.rows)
		}
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	walk(root)
}

// lister finds words to offer.
type lister func(ctx context.Context) []string

func offer(list lister) cobra.CompletionFunc {
	return func(c *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
		ctx, cancel := context.WithTimeout(c.Context(), completeTime)
		defer cancel()
		words := slices.DeleteFunc(list(ctx), func(w string) bool { return !strings.HasPrefix(w, typed) || slices.Contains(args, w) })
		slices.Sort(words)
		return slices.Compact(words), cobra.ShellCompDirectiveNoFileComp
	}
}

func (d *deps) contexts(context.Context) []string {
	raw, err := d.kube.ToRawKubeConfigLoader().RawConfig()
	if err != nil {
		return nil
	}
	var out []string
	for name := range raw.Contexts {
		out = append(out, name)
	}
	return out
}

func (d *deps) namespaces(ctx context.Context) []string {
	return d.namesOf(ctx, "", schema.GroupVersionResource{Version: "v1", Resource: "namespaces"}, "")
}

// workloads are those that a person names as a target: TYPE/NAME.
func (d *deps) workloads(ctx context.Context) []string {
	var out []string
	for short, resource := range map[string]schema.GroupVersionResource{
		"deploy/": {Group: "apps", Version: "v1", Resource: "deployments"}, "sts/": {Group: "apps", Version: "v1", Resource: "statefulsets"},
		"ds/": {Group: "apps", Version: "v1", Resource: "daemonsets"}, "pod/": {Version: "v1", Resource: "pods"},
	} {
		out = append(out, d.namesOf(ctx, short, resource, "own")...)
	}
	return out
}

// rows are what status shows: the Services, and the workloads that they lead to.
func (d *deps) rows(ctx context.Context) []string {
	return append(d.namesOf(ctx, "svc/", schema.GroupVersionResource{Version: "v1", Resource: "services"}, "own"), d.workloads(ctx)...)
}

// namesOf lists one kind, in the namespace of the command where it has one.
func (d *deps) namesOf(ctx context.Context, prefix string, resource schema.GroupVersionResource, where string) []string {
	c, err := kube.New(d.kube)
	if err != nil {
		return nil
	}
	if where != "" {
		where = c.Namespace()
	}
	list, err := c.Dynamic().Resource(resource).Namespace(where).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil
	}
	var out []string
	for _, u := range list.Items {
		out = append(out, prefix+u.GetName())
	}
	return out
}

// intentNames are the names under which enable made something in the namespace.
func (d *deps) intentNames(ctx context.Context) []string {
	c, err := kube.New(d.kube)
	if err != nil {
		return nil
	}
	objects, _, err := c.Objects(ctx, kube.Query{Namespaces: []string{c.Namespace()}, Label: istio.LabelName,
		Kinds: []string{kube.KindDestinationRule, kube.KindPeerAuthentication, kube.KindGateway}})
	if err != nil {
		return nil
	}
	var out []string
	for _, u := range objects {
		out = append(out, u.GetLabels()[istio.LabelName])
	}
	return out
}
