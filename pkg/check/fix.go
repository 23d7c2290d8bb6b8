package check

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
)

// enableAgain is the command that makes the rule for a host once more, with the
// CA and the workload that are known, so that it can be pasted. A rule that is
// not ours is named with the flag that takes it over.
func enableAgain(s Subject) string { return enableWith(s, "") }

// enableWith is enableAgain with another CA.
func enableWith(s Subject, ca string) string {
	pick := func(known string) string {
		if ca != "" {
			return " " + ca
		}
		return known
	}
	if s.Host == "" || s.Port == 0 {
		return "" // a control plane's own cluster: nothing that enable could make
	}
	cmd := fmt.Sprintf("kubectl mesh-tls enable origination %s:%d", s.Host, s.Port)
	r := s.Decision.Rule
	switch {
	case s.Intent != nil:
		it := s.Intent
		if it.ThroughGateway() {
			return "kubectl get serviceentries,destinationrules,gateways.networking.istio.io,virtualservices -A -l mesh-tls.io/name=" + it.Name + "   # then the enable once more, with --force-conflicts"
		}
		if it.Leads() && len(it.Ports) > 0 {
			cmd = fmt.Sprintf("kubectl mesh-tls enable %s %s:%d --tls-port %d --form %s%s", it.Recipe, it.Host, it.Ports[0].Number, it.TLSPort, it.Form, roleFlags(*it))
		}
		cmd += " -n " + it.Namespace + " --name " + it.Name + pick(caFlag(it.CA.Kind, it.CA.Name)) + pairFlags(it.Certificate) + workloadFlag(it.Workload)
		if s.Decision.Found && r.Owner != it.Name {
			cmd += " --adopt"
		}
		return cmd + " --force-conflicts"
	case s.Decision.Found && r.OfBackendPolicy(): // a DestinationRule beside it would win, and the policy would lie
		return r.Object.Edit()
	case s.Serving() != nil && s.Serving().Rule.MadeOfBackendPolicy() && !s.Decision.Found:
		return "kubectl get backendtlspolicies -n " + s.Serving().Rule.Namespace + " -o yaml"
	case s.Decision.Found && r.FullHost() != s.Host: // a wider rule is for other hosts, too
		return cmd + " -n " + r.Object.Namespace + pick(ruleCA(r)) + workloadFlag(r.Selector)
	case s.Decision.Found:
		return cmd + " -n " + r.Object.Namespace + " --name " + r.Object.Name + pick(ruleCA(r)) + seenBy(r) + " --adopt"
	}
	return cmd + pick(caFlag("", ""))
}

// namesInPolicy is the command that makes a BackendTLSPolicy name what the server's certificate has to be for: by the hostname in it
// alone Istio checks nothing (seen in 1.31: it becomes the SNI, and that switches the automatic check off). "" for other rules.
func namesInPolicy(s Subject) string {
	r := s.Decision.Rule
	if !s.Decision.Found || !r.OfBackendPolicy() || r.SNI == "" || len(r.SANs) > 0 || s.Intent != nil {
		return ""
	}
	return fmt.Sprintf(`kubectl patch backendtlspolicy %s -n %s --type merge -p '{"spec":{"validation":{"subjectAltNames":[{"type":"Hostname","hostname":"%s"}]}}}'`, r.Object.Name, r.Object.Namespace, r.SNI)
}

func caFlag(kind intent.CAKind, name string) string {
	switch kind {
	case intent.CAPath:
		return " --ca-path " + name
	case intent.CASystem:
		return " --ca system"
	case intent.CASecret:
		return " --ca-secret " + name
	case intent.CAConfigMap:
		return " --ca-configmap " + name
	}
	return " --ca-file FILE"
}

// roleFlags are those that only an intent with a route may have.
func roleFlags(it intent.Intent) string {
	out := ""
	if it.Subset != "" {
		out += " --subset " + it.Subset
	}
	if it.Role != intent.RoleNone {
		out += " --role " + string(it.Role)
	}
	return out
}

func pairFlags(c intent.KeyPair) string {
	switch c.Kind {
	case intent.PairPath:
		return " --client-cert-path " + c.Name + " --client-key-path " + c.Key
	case intent.PairSecret:
		return " --client-secret " + c.Name
	}
	return ""
}

// ruleCA is the flag for the CA that a rule names by hand.
func ruleCA(r facts.Rule) string {
	configMap, isConfigMap := strings.CutPrefix(r.CredName, "configmap://")
	switch {
	case isConfigMap:
		return " --ca-configmap " + lastPart(configMap)
	case r.CredName != "" && len(r.Selector) > 0:
		return " --ca-secret " + strings.TrimSuffix(r.CredName, "-cacert")
	case r.CA == "system":
		return " --ca system"
	case r.CA != "":
		return " --ca-path " + r.CA
	}
	return " --ca-file FILE"
}

func workloadFlag(labels map[string]string) string {
	var out []string
	for _, k := range slices.Sorted(maps.Keys(labels)) {
		out = append(out, k+"="+labels[k])
	}
	if len(out) == 0 {
		return ""
	}
	return " --workload " + strings.Join(out, ",")
}

// seenBy are the flags that leave a rule's clients as they are when it is taken over.
func seenBy(r facts.Rule) string {
	if len(r.Selector) > 0 {
		return workloadFlag(r.Selector)
	}
	if len(r.ExportTo) == 0 {
		return ""
	}
	return " --export-to '" + strings.Join(r.ExportTo, ",") + "'"
}

// count writes a number with its noun, "1 connection", "2 connections".
func count(n uint64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// proxyLog is the command that looks for words in the log of a pod's proxy; of a saved dump the pod is not known.
func proxyLog(t facts.Target, words string) string {
	pod := "POD"
	if t.Pod != "" {
		pod = t.Pod + " -n " + t.Namespace
	}
	return fmt.Sprintf("kubectl logs %s -c %s | grep -iF '%s'", pod, cmp.Or(t.Container, "istio-proxy"), strings.ReplaceAll(words, "'", ""))
}
