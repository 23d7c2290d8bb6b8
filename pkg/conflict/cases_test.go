package conflict

import (
	"time"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
)

type testCase struct {
	name string
	from func() Input
	meet func(in *Input)
	want string // ids and outcomes, "" for none
	says string
}

func cases() []testCase {
	return append(append(policyCases(), ruleCases()...), append(entryCases(), append(otherCases(), append(throughCases(), takenCases()...)...)...)...)
}

func policyCases() []testCase {
	policy := func(namespace, name string, selector map[string]string, ports map[int]facts.Mode) func(*Input) {
		return func(in *Input) {
			in.There.Policies = append(in.There.Policies, facts.Policy{Object: ref("PeerAuthentication", namespace, name), Selector: selector, Mode: facts.ModePermissive, Ports: ports, Created: now()})
		}
	}
	return []testCase{
		{"policy of the same workload", strict, policy(space, "default", web, nil), "MT030 FAIL", "PeerAuthentication shop/default is already there for the same workloads"},
		{"policy of another intent", strict, func(in *Input) {
			policy(space, "other", web, nil)(in)
			in.There.Policies[0].Owner = "other"
		}, "MT030 FAIL", "kubectl mesh-tls disable other -n shop"},
		{"policy of another workload", strict, policy(space, "default", map[string]string{"app": "other"}, nil), "", ""},
		{"policy of the namespace", strict, policy(space, "default", nil, nil), "", ""},
		{"its own, enabled again", strict, func(in *Input) { in.There.Policies = in.Plan.Policies }, "", ""},
		{"selector in the root namespace", strict, policy(root, "wide", web, nil), "MT031 WARN", "ignores it"},
		{"ports without selector", strict, policy(space, "ports", nil, map[int]facts.Mode{8080: facts.ModeDisable}), "MT031 WARN", "no selector"},
		{"ports without selector, of another namespace", strict, policy("far", "ports", nil, map[int]facts.Mode{8080: facts.ModeDisable}), "", ""},
		{"ports without selector, for the whole mesh", strictMesh, policy(space, "ports", nil, map[int]facts.Mode{8080: facts.ModeDisable}), "MT031 WARN", "PeerAuthentication shop/ports sets ports"},
		{"planned in the root namespace", strict, func(in *Input) {
			in.Plan.Policies[0].Object.Namespace, in.Intent.Namespace = root, root
		}, "MT031 FAIL", "root namespace"},
		{"port of a Service", strict, func(in *Input) {
			in.There.Services = []facts.Service{{Object: ref("Service", space, "web"), Hosts: []string{"web.shop.svc.cluster.local"}, Selector: web, Ports: []facts.Port{{Number: 80, Target: 8080}}}}
			in.Plan.Policies[0].Ports = map[int]facts.Mode{80: facts.ModePermissive}
		}, "MT031 FAIL", "the container's is 8080"},
		{"port of a container", strict, func(in *Input) { in.Plan.Policies[0].Ports = map[int]facts.Mode{8080: facts.ModePermissive} }, "", ""},
	}
}

func ruleCases() []testCase {
	there := func(r facts.Rule) func(*Input) {
		return func(in *Input) { in.There.Rules = append(in.There.Rules, r) }
	}
	theirs := func(namespace, host, mode string, port int) facts.Rule {
		return facts.Rule{Object: ref("DestinationRule", namespace, "theirs"), Host: host, Port: port, Policy: true, HasTLS: mode != "", Mode: mode, Created: now().AddDate(-1, 0, 0)}
	}
	return []testCase{
		{"rule of the host", origination, there(theirs(space, host, "SIMPLE", 0)), "MT032 FAIL", "is already there for host api.example.com"},
		{"rule of the host, other workloads", egress, func(in *Input) {
			r := theirs(space, host, "SIMPLE", 0)
			r.Selector = map[string]string{"app": "third"}
			there(r)(in)
		}, "", ""},
		{"rule of another intent", origination, func(in *Input) {
			r := theirs(space, host, "SIMPLE", 0)
			r.Owner = "other"
			there(r)(in)
		}, "MT032 FAIL", "kubectl mesh-tls disable other -n shop"},
		{"rule that the intent made under another name", origination, func(in *Input) {
			r := theirs(space, host, "SIMPLE", 0)
			r.Owner = "api"
			there(r)(in)
		}, "", ""},
		{"an intent without a name owns nothing", origination, func(in *Input) {
			in.Intent.Name = ""
			there(theirs(space, host, "SIMPLE", 0))(in)
		}, "MT032 FAIL", "is already there for host api.example.com"},
		{"rule that wins elsewhere", forFront, there(theirs("front", host, "DISABLE", 0)), "MT032 FAIL", "FAIL DestinationRule front/theirs: a workload of namespace front would not use the plan's rule for api.example.com:8443: DestinationRule shop/api does not count: DestinationRule front/theirs wins, because it is in the client's own namespace"},
		{"rule of an intent of the same name elsewhere", forFront, func(in *Input) {
			r := theirs("front", host, "DISABLE", 0)
			r.Owner = "api"
			there(r)(in)
		}, "MT032 FAIL", "it is in the client's own namespace"},
		{"entry that takes the host elsewhere", forFront, entryElsewhere, "MT032 FAIL", "FAIL : a workload of namespace front would not use the plan's rule"},
		{"entry that takes the host elsewhere, younger than the one taken over", forFront, func(in *Input) {
			entryElsewhere(in)
			older := in.Plan.Services[0]
			older.Created, older.Owner = now().AddDate(-2, 0, 0), ""
			in.There.Services = append(in.There.Services, older)
		}, "", ""},
		{"rule of a namespace that everybody's is exported to", everywhere, there(theirs("front", host, "DISABLE", 0)), "MT032 FAIL", "it is in the client's own namespace"},
		{"rule of a namespace that nobody asks", origination, there(theirs("far", host, "SIMPLE", 0)), "", ""},
		{"wildcard whose TLS is lost to other workloads", egress, there(theirs(space, "*.example.com", "SIMPLE", 0)), "MT033 WARN, MT033 FAIL, MT033 FAIL", "pod shop/other-1 would send plaintext"},
		{"wildcard whose TLS is lost to another port", origination, func(in *Input) {
			there(theirs(space, "*.example.com", "SIMPLE", 0))(in)
			in.There.Services = []facts.Service{{Object: ref("ServiceEntry", space, "more"), Hosts: []string{host}, Ports: []facts.Port{port(9443, "TCP")}}}
		}, "MT033 WARN, MT033 FAIL", "pod shop/web-1 would send plaintext to api.example.com:9443"},
		{"wildcard that says nothing", origination, func(in *Input) {
			r := theirs(space, "*.example.com", "", 0)
			r.Policy = false
			there(r)(in)
		}, "", ""},
		{"wildcard without TLS", origination, there(theirs(space, "*.example.com", "", 0)), "MT033 WARN", "beside TLS"},
		{"taken-over rule that skips", origination, func(in *Input) {
			r := theirs(space, host, "SIMPLE", 0)
			r.Object, r.SkipCA, r.ExportTo = in.Plan.Rules[0].Object, true, []string{"."}
			there(r)(in)
		}, "MT038 WARN", "insecureSkipVerify"},
		{"kept subset without names", origination, func(in *Input) {
			r := rule(9443)
			r.Subset, r.SANs = "old", nil
			in.Plan.Rules = append(in.Plan.Rules, r)
		}, "MT038 WARN", "subset old, port 9443: sni without subjectAltNames"},
		{"kept credential that is ignored", origination, func(in *Input) {
			r := rule(9443)
			r.CredName = "bank"
			in.Plan.Rules = append(in.Plan.Rules, r)
		}, "MT038 WARN", "without workloadSelector"},
	}
}

func entryCases() []testCase {
	there := func(namespace, name, h string, exportTo []string, ports ...facts.Port) func(*Input) {
		return func(in *Input) {
			in.There.Services = append(in.There.Services, facts.Service{Object: ref("ServiceEntry", namespace, name), Hosts: []string{h}, External: true, ExportTo: exportTo, Ports: ports, Created: now().AddDate(-1, 0, 0)})
		}
	}
	registry := func(in *Input) { in.Outbound = facts.OutboundRegistry }
	registrySidecar := func(pods map[string]string) func(*Input) {
		return func(in *Input) {
			in.Steering.Sidecars = []facts.Sidecar{{Object: ref("Sidecar", space, "closed"), Selector: pods, Outbound: facts.OutboundRegistry}}
		}
	}
	return []testCase{
		{"a Service's short name", origination, func(in *Input) {
			in.There.Services = append(in.There.Services, facts.Service{Object: ref("Service", "example.com", "api"), Hosts: []string{"api.example.com.svc.cluster.local"}})
		}, "MT034 FAIL", "api.example.com is a name of Service example.com/api"},
		{"entry of the namespace", origination, there(space, "theirs", host, nil, port(8443, "HTTP")), "MT034 FAIL", "port 8443 is HTTP there and TCP in the plan"},
		{"entry of the namespace, other port", origination, there(space, "theirs", host, nil, port(9000, "HTTP")), "", ""},
		{"entry elsewhere that disagrees", origination, there("far", "theirs", host, nil, port(8443, "HTTP")), "MT034 WARN", "they disagree"},
		{"entry elsewhere that is not seen", origination, there("far", "theirs", host, []string{"."}, port(443, "TLS")), "", ""},
		{"entry elsewhere that is hidden", origination, there("far", "theirs", host, nil, port(443, "TLS")), "MT034 WARN", "hides ServiceEntry far/theirs"},
		{"hidden, and registered only", origination, func(in *Input) {
			there("far", "theirs", host, nil, port(443, "TLS"))(in)
			registry(in)
		}, "MT034 FAIL", "REGISTRY_ONLY"},
		{"hidden, and the clients' Sidecar takes registered only", egress, func(in *Input) {
			there("far", "theirs", host, nil, port(9000, "TLS"))(in)
			registrySidecar(web)(in)
		}, "MT034 FAIL", "REGISTRY_ONLY"},
		{"hidden, and the Sidecar of others takes registered only", egress, func(in *Input) {
			there("far", "theirs", host, nil, port(9000, "TLS"))(in)
			registrySidecar(map[string]string{"app": "other"})(in)
		}, "MT034 WARN", "hides ServiceEntry far/theirs"},
		{"TCP port of another host", origination, there(space, "queue", "queue.example.com", nil, port(8443, "TCP")), "MT035 FAIL", "the older entry gets the connections of both"},
		{"HTTP on the port", origination, there("far", "site", "site.example.com", nil, port(8443, "HTTP")), "MT035 FAIL", "stays HTTP"},
		{"TCP port of a host with an address", origination, func(in *Input) {
			there(space, "queue", "queue.example.com", nil, port(8443, "TCP"))(in)
			in.There.Services[0].Addresses = []string{"240.0.0.1"}
		}, "", ""},
		{"TCP port, and sidecars capture DNS", origination, func(in *Input) {
			there(space, "queue", "queue.example.com", nil, port(8443, "TCP"))(in)
			in.Captures = true
		}, "", ""},
		{"applications speak HTTPS", egress, func(in *Input) {
			there("far", "theirs", host, nil, port(443, "HTTPS"))(in)
		}, "MT037 FAIL", "> use --form targetport"},
		{"applications speak HTTPS to the port that gets TLS", origination, there("far", "theirs", host, nil, port(8443, "HTTPS")), "MT034 WARN, MT037 FAIL", "> let the applications speak plain text there"},
		{"its own entry, enabled again", egress, func(in *Input) {
			in.There.Rules, in.There.Services = in.Plan.Rules, in.Plan.Services
		}, "", ""},
		{"a live application speaks to 443", egress, func(in *Input) { in.Speakers = []Speaker{{"shop/web-1", 4}} }, "MT037 WARN", "let 4 connections pass"},
		{"applications speak HTTPS, taken over", egress, func(in *Input) {
			there(space, "api", host, []string{"."}, port(443, "HTTPS"))(in)
		}, "MT037 FAIL", "ServiceEntry shop/api says"},
		{"applications speak HTTPS, left alone", targetPort, there(space, "theirs", host, []string{"."}, port(443, "HTTPS")), "", ""},
		{"registered only", targetPort, registry, "MT042 WARN", "WARN : the mesh's configuration lets registered hosts through only (REGISTRY_ONLY), and the plan registers port 80 of api.example.com and not 443"},
		{"registered only, by a Sidecar", targetPort, registrySidecar(web), "MT042 WARN", "WARN Sidecar shop/closed: Sidecar shop/closed lets registered hosts through only"},
		{"registered only, and a Sidecar that does not say", targetPort, func(in *Input) {
			registrySidecar(nil)(in)
			in.Steering.Sidecars[0].Outbound = ""
			registry(in)
		}, "MT042 WARN", "the mesh's configuration lets"},
		{"registered only, and it is", targetPort, func(in *Input) {
			registry(in)
			there(space, "theirs", host, []string{"."}, port(443, "TLS"))(in)
		}, "", ""},
	}
}

func otherCases() []testCase {
	route := func(r facts.Route) func(*Input) {
		return func(in *Input) {
			r.Object = ref("VirtualService", space, "theirs")
			in.Steering.Routes = []facts.Route{r}
		}
	}
	elsewhere := func(r facts.Route) func(*Input) {
		return func(in *Input) {
			route(r)(in)
			in.Steering.Routes[0].Object.Namespace = "far"
		}
	}
	side := func(hosts ...string) func(*Input) {
		return func(in *Input) {
			in.Steering.Sidecars = []facts.Sidecar{{Object: ref("Sidecar", root, "default"), Limits: true, Hosts: hosts}}
		}
	}
	return append([]testCase{
		{"route of the host", egress, route(facts.Route{Hosts: []string{host}, Mesh: true}), "MT036 FAIL", "already routes api.example.com"},
		{"route of another namespace", egress, elsewhere(facts.Route{Hosts: []string{host}, Mesh: true}), "MT036 FAIL", "VirtualService far/theirs already routes api.example.com"},
		{"route of another namespace that is not seen", egress, elsewhere(facts.Route{Hosts: []string{host}, Mesh: true, ExportTo: []string{"."}}), "", ""},
		{"route of a namespace that the plan is exported to", everywhere, elsewhere(facts.Route{Hosts: []string{host}, Mesh: true, ExportTo: []string{"."}, To: []facts.Destination{{Host: "other.example.com"}}}), "MT036 FAIL", "VirtualService far/theirs already routes api.example.com: it leads calls to port 8443 to other.example.com"},
		{"short name of another namespace", egress, elsewhere(facts.Route{Hosts: []string{"api"}, Mesh: true}), "", ""},
		{"route of a gateway", egress, route(facts.Route{Hosts: []string{host}}), "", ""},
		{"route past the TLS", targetPort, route(facts.Route{Hosts: []string{host}, Mesh: true, To: []facts.Destination{{Host: host, Port: 443}}}), "MT036 FAIL", "to api.example.com:443, past the plan's TLS"},
		{"route that keeps to the port", targetPort, route(facts.Route{Hosts: []string{host}, Mesh: true, To: []facts.Destination{{Host: host}}}), "", ""},
		{"route of other ports", targetPort, route(facts.Route{Hosts: []string{host}, Mesh: true, To: []facts.Destination{{From: []int{443}, Host: "other.example.com"}}}), "", ""},
		{"route of other ports and of the plan's", targetPort, route(facts.Route{Hosts: []string{host}, Mesh: true, To: []facts.Destination{{From: []int{443}, Host: "other.example.com"}, {From: []int{8080, 80}, Host: "second.example.com", Port: 81}}}),
			"MT036 FAIL", "it leads calls to port 80 to second.example.com:81, past the plan's TLS"},
		{"hidden by a Sidecar", origination, side("./*", "istio-system/*"), "", ""},
		{"hidden by a Sidecar that lists others", origination, side("istio-system/*"), "MT041 FAIL", "Sidecar istio-system/default hides api.example.com from pod shop/web-1"},
		{"hidden where no pod runs yet", origination, func(in *Input) {
			side("istio-system/*")(in)
			in.Pods = nil
		}, "MT041 FAIL", "Sidecar istio-system/default hides api.example.com from a workload of namespace shop"},
		{"hidden by a Sidecar of labels that no pod has alone", egress, func(in *Input) {
			side("istio-system/*")(in)
			in.Steering.Sidecars = append(in.Steering.Sidecars, facts.Sidecar{Object: ref("Sidecar", space, "web-1"), Selector: map[string]string{"app": "web", "version": "1"}})
			in.Pods[0].Target.Labels = map[string]string{"app": "web", "version": "1"}
		}, "", ""},
		{"hidden where the plan is not seen", forFront, func(in *Input) {
			in.Intent.ExportTo, in.Pods = []string{"front"}, nil
			in.Steering.Sidecars = []facts.Sidecar{{Object: ref("Sidecar", space, "default"), Limits: true}}
		}, "", ""},
		{"shown by a wildcard", origination, side("*/*.example.com"), "", ""},
		{"any client", gateway, func(in *Input) { in.Intent.SANs, in.Intent.AnyClient = nil, true }, "MT040 WARN", "no subjectAltNames"},
		{"gateway for all", gateway, func(in *Input) {
			in.Steering.Gateways = []facts.Gateway{{Object: ref("Gateway", "far", "all"), Port: 443, Hosts: []string{"*"}, Mode: "SIMPLE"}}
		}, "MT040 WARN", "for * with SIMPLE"},
		{"rights", origination, func(in *Input) {
			in.Rights = []Right{{Verb: "patch", Resource: "serviceentries.networking.istio.io", Namespace: space, For: "its ServiceEntry", Writes: true},
				{Verb: "create", Resource: "configmaps", Namespace: space, Writes: true}, {Verb: "list", Resource: "pods", Namespace: space}, {Verb: "get", Resource: "x", Allowed: true}}
		}, "MT043 FAIL, MT043 WARN", "you have no right to: patch serviceentries.networking.istio.io in namespace shop (its ServiceEntry); create configmaps"},
		{"rights that nobody tells", origination, func(in *Input) { in.Rights = []Right{{Unread: "no answer", Writes: true}} }, "MT043 UNKNOWN", "no answer"},
		{"kinds that cannot be read", origination, func(in *Input) {
			in.Missing = []Missing{{What: "Sidecar", Why: "forbidden", IDs: []string{"MT041"}}}
		}, "MT041 UNKNOWN", "forbidden"},
	}, secretCases()...)
}

func secretCases() []testCase {
	return []testCase{
		{"no Secret", origination, withSecret(Secret{Namespace: space, Name: "ca-cacert"}, Secret{Namespace: space, Name: "ca", Elsewhere: []string{root}}), "MT039 FAIL", "in namespace istio-system"},
		{"a Secret that may not be read", origination, withSecret(Secret{Namespace: space, Name: "ca-cacert", Unread: "forbidden"}, Secret{Namespace: space, Name: "ca", Unread: "forbidden"}), "MT039 UNKNOWN, MT039 UNKNOWN", "forbidden"},
		{"wrong keys", origination, withSecret(Secret{Namespace: space, Name: "ca-cacert"}, Secret{Namespace: space, Name: "ca", Found: true, Values: map[string][]byte{"root.pem": good()}}), "MT039 FAIL", "it has root.pem"},
		{"no certificate", origination, withSecret(Secret{Namespace: space, Name: "ca-cacert"}, Secret{Namespace: space, Name: "ca", Found: true, Values: map[string][]byte{"ca.crt": []byte("x")}}), "MT039 FAIL", "no PEM block"},
		{"expired", origination, withSecret(Secret{Namespace: space, Name: "ca-cacert"}, Secret{Namespace: space, Name: "ca", Found: true, Values: map[string][]byte{"ca.crt": old()}}), "MT039 FAIL", "expired"},
		{"good", origination, withSecret(Secret{Namespace: space, Name: "ca-cacert"}, Secret{Namespace: space, Name: "ca", Found: true, Values: map[string][]byte{"ca.crt": good()}}), "", ""},
		{"shadowed", origination, withSecret(Secret{Namespace: space, Name: "ca-cacert", Found: true, Values: map[string][]byte{"cacert": good()}},
			Secret{Namespace: space, Name: "ca", Found: true, Values: map[string][]byte{"ca.crt": good()}}), "MT039 WARN", "goes before ca.crt in Secret ca"},
		{"good under the name that goes first, and alone", origination, withSecret(Secret{Namespace: space, Name: "ca-cacert", Found: true, Values: map[string][]byte{"cacert": good()}}, Secret{Namespace: space, Name: "ca"}), "", ""},
		{"expired under the name that goes first, and the other not asked for", origination, withSecret(Secret{Namespace: space, Name: "ca-cacert", Found: true, Values: map[string][]byte{"cacert": old()}}), "MT039 FAIL", "Secret shop/ca-cacert, cacert: the CA expired"},
		{"not under the name that goes first, and the other may not be read", origination, withSecret(Secret{Namespace: space, Name: "ca-cacert"}, Secret{Namespace: space, Name: "ca", Unread: "forbidden"}), "MT039 UNKNOWN", "Secret shop/ca was not looked at: forbidden"},
		{"good pair", origination, withPair(pair(true)), "", ""},
		{"pair that ends soon", origination, func(in *Input) {
			withPair(pair(true))(in)
			in.Warn = 40 * 24 * time.Hour
		}, "MT039 WARN", "ends in 30 d"},
		{"no pair", origination, withPair(nil), "MT039 FAIL", "neither tls.crt and tls.key"},
		{"a key of another certificate", origination, withPair(pair(false)), "MT039 FAIL", "does not belong to"},
	}
}

func withPair(values map[string][]byte) func(*Input) {
	return func(in *Input) {
		in.Intent.Certificate = intent.KeyPair{Kind: intent.PairSecret, Name: "pair"}
		in.Secrets = []Secret{{Namespace: space, Name: "pair", Found: true, Values: values}}
	}
}
