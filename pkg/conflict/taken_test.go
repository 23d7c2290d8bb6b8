package conflict

import (
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
)

// takenCases: what is taken over may be for more than the intent is for.
func takenCases() []testCase {
	rule := func(mode string, exportTo ...string) func(*Input) {
		return func(in *Input) {
			r := facts.Rule{Object: in.Plan.Rules[0].Object, Host: host, Policy: true, HasTLS: mode != "", Mode: mode, ExportTo: exportTo, Created: now().AddDate(-1, 0, 0)}
			in.There.Rules = append(in.There.Rules, r)
		}
	}
	entry := func(exportTo ...string) func(*Input) {
		return func(in *Input) {
			s := in.Plan.Services[0]
			s.Owner, s.ExportTo, s.Created = "", exportTo, now().AddDate(-1, 0, 0)
			in.There.Services = append(in.There.Services, s)
		}
	}
	both := func(mode string, exportTo ...string) func(*Input) {
		return func(in *Input) {
			rule(mode, exportTo...)(in)
			entry(exportTo...)(in)
		}
	}
	return []testCase{
		{"taken over for some of its workloads", egress, rule("SIMPLE", "."), "MT033 FAIL, MT033 FAIL", "pod shop/other-1 would send plaintext to api.example.com:443: DestinationRule shop/api (SIMPLE) counts for it"},
		{"taken over for some of its workloads, without TLS", egress, rule("", "."), "MT033 WARN", "what DestinationRule shop/api says counts for pod shop/other-1"},
		{"taken over for some of its workloads, TLS that none of them has", egress, func(in *Input) {
			rule("SIMPLE", ".")(in)
			in.There.Rules[0].CredName = "ca"
		}, "MT033 WARN, MT038 WARN", "what DestinationRule shop/api says counts for pod shop/other-1"},
		{"taken over from everybody", origination, both("SIMPLE"), "MT033 WARN, MT034 WARN", "a workload of another namespace would send plaintext to api.example.com:8443"},
		{"taken over from everybody, without TLS", origination, both(""), "MT034 WARN", ""},
		{"taken over from a namespace", origination, both("SIMPLE", ".", "front"), "MT033 FAIL, MT034 WARN", "a workload of namespace front would send plaintext"},
		{"taken over from a namespace that goes on seeing it", forFront, both("SIMPLE", space, "front"), "", ""},
		{"taken over for everybody", everywhere, both("SIMPLE"), "", ""},
		{"taken over for all that it is for", origination, rule("SIMPLE", space), "", ""},
		{"its own, made for fewer", egress, func(in *Input) {
			rule("SIMPLE")(in)
			in.There.Rules[0].Owner = in.Intent.Name
		}, "", ""},
		{"entry taken over from everybody", origination, entry(), "MT034 WARN", "known to every other namespace, and not when it is taken over"},
		{"entry taken over, registered only", origination, func(in *Input) {
			entry("*")(in)
			in.Outbound = facts.OutboundRegistry
		}, "MT034 FAIL", "they are refused"},
		{"entry taken over from a namespace", origination, entry(".", "front"), "MT034 WARN", "known to namespace front"},
		{"entry taken over with its export", everywhere, entry(intent.ExportEverywhere), "", ""},
		{"entry of the intent, shown to fewer", origination, func(in *Input) {
			entry()(in)
			in.There.Services[0].Owner = in.Intent.Name
		}, "", ""},
	}
}
