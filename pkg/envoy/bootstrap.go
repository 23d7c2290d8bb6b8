package envoy

import (
	"fmt"
	"io"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// bootstrap is what the proxy says about itself, from the bootstrap section or
// from /server_info.
type bootstrap struct {
	envoy, istio string
	library      string // of TLS
	node         facts.Node
	matcher      facts.StatsMatcher
	secrets      bool // it has static ones
}

type wireBootstrap struct {
	Node  wireNode `json:"node"`
	Stats struct {
		Matcher wireStatsMatcher `json:"stats_matcher"`
	} `json:"stats_config"`
	Static struct {
		Secrets []jsontext.Value `json:"secrets"`
	} `json:"static_resources"`
}

type wireNode struct {
	ID           string `json:"id"`
	BuildVersion string `json:"build_version"`
	Hidden       string `json:"hidden_envoy_deprecated_build_version"`
	UserAgent    struct {
		Version struct {
			Major number `json:"major_number"`
			Minor number `json:"minor_number"`
			Patch number `json:"patch"`
		} `json:"version"`
		Metadata struct {
			Library string `json:"ssl.version"`
		} `json:"metadata"`
	} `json:"user_agent_build_version"`
	Metadata struct {
		Istio          string `json:"ISTIO_VERSION"`
		Namespace      string `json:"NAMESPACE"`
		Workload       string `json:"WORKLOAD_NAME"`
		ServiceAccount string `json:"SERVICE_ACCOUNT"`
		TrustDomain    string `json:"TRUST_DOMAIN"`
	} `json:"metadata"`
}

type wireStatsMatcher struct {
	RejectAll bool `json:"reject_all"`
	Include   struct {
		Patterns []wirePattern `json:"patterns"`
	} `json:"inclusion_list"`
	Exclude struct {
		Patterns []wirePattern `json:"patterns"`
	} `json:"exclusion_list"`
}

type wirePattern struct {
	Exact  string `json:"exact"`
	Prefix string `json:"prefix"`
	Suffix string `json:"suffix"`
	Regex  string `json:"regex"`
	Safe   struct {
		Regex string `json:"regex"`
	} `json:"safe_regex"`
}

func (c *collector) readBootstrap(raw jsontext.Value) {
	w, err := decode[wireBootstrap](raw)
	if err != nil {
		c.problem("the bootstrap could not be decoded: " + wrongPart(err).Error())
		return
	}
	c.readNode(w.Node)
	c.boot.matcher = w.Stats.Matcher.facts()
	c.boot.secrets = len(w.Static.Secrets) > 0
}

func (c *collector) readNode(n wireNode) {
	v := n.UserAgent.Version
	if v.Major != 0 || v.Minor != 0 {
		c.boot.envoy = fmt.Sprintf("%d.%d.%d", v.Major, v.Minor, v.Patch)
	} else {
		c.boot.envoy = buildVersion(firstOf(n.BuildVersion, n.Hidden))
	}
	c.boot.library = n.UserAgent.Metadata.Library
	m := n.Metadata
	if c.boot.istio = m.Istio; m.Istio == "unknown" { // a build without a version
		c.boot.istio = ""
	}
	c.boot.node = facts.Node{ID: n.ID, Namespace: m.Namespace, Workload: m.Workload, ServiceAccount: m.ServiceAccount, TrustDomain: m.TrustDomain}
	// Istio's node id: type~ip~pod.namespace~namespace.svc.domain
	parts := strings.Split(n.ID, "~")
	if len(parts) != 4 {
		return
	}
	switch k := facts.NodeKind(parts[0]); k {
	case facts.NodeSidecar, facts.NodeRouter, facts.NodeWaypoint:
		c.boot.node.Kind = k
	}
	if i := strings.LastIndexByte(parts[2], '.'); c.boot.node.Namespace == "" && i >= 0 {
		c.boot.node.Namespace = parts[2][i+1:]
	}
}

// buildVersion takes the version out of COMMIT/1.26.4/Clean/RELEASE/BoringSSL.
func buildVersion(text string) string {
	if parts := strings.Split(text, "/"); len(parts) > 2 {
		return parts[1]
	}
	return ""
}

// buildLibrary takes the TLS library out of it: the last part of five.
func buildLibrary(text string) string {
	if parts := strings.Split(text, "/"); len(parts) == 5 {
		return parts[4]
	}
	return ""
}

// facts puts the matcher in plain words. An exclusion list is told as All only
// where it is empty: what it takes away is not modelled.
func (w wireStatsMatcher) facts() facts.StatsMatcher {
	s := facts.StatsMatcher{Known: len(w.Exclude.Patterns) == 0 && len(w.Include.Patterns) <= maxPatterns}
	if !s.Known {
		return s
	}
	s.All = s.Known && !w.RejectAll && len(w.Include.Patterns) == 0
	for _, p := range w.Include.Patterns {
		switch {
		case p.Prefix != "":
			s.Prefixes = append(s.Prefixes, p.Prefix)
		case p.Suffix != "":
			s.Suffixes = append(s.Suffixes, p.Suffix)
		case p.Safe.Regex != "" || p.Regex != "":
			s.Regexs = append(s.Regexs, firstOf(p.Safe.Regex, p.Regex))
		case p.Exact != "":
			s.Prefixes = append(s.Prefixes, p.Exact)
		}
	}
	return s
}

type wireServerInfo struct {
	Version string   `json:"version"`
	Node    wireNode `json:"node"`
}

// serverInfo reads /server_info; it only fills what the bootstrap left open.
func (c *collector) serverInfo(r io.Reader) error {
	text, err := sniff(r)
	if err != nil {
		return err
	}
	var w wireServerInfo
	if err := json.UnmarshalRead(text, &w, json.MatchCaseInsensitiveNames(true)); err != nil {
		return inWords(wrongPart(err))
	}
	before := c.boot
	c.readNode(w.Node)
	c.boot.matcher = before.matcher
	if before.node.ID != "" {
		c.boot.node, c.boot.istio = before.node, before.istio
	}
	c.boot.envoy = firstOf(buildVersion(w.Version), before.envoy, c.boot.envoy)
	c.boot.library = firstOf(before.library, c.boot.library, buildLibrary(w.Version))
	return nil
}
