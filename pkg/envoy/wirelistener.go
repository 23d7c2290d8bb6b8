package envoy

import "github.com/go-json-experiment/json/jsontext"

type wireListener struct {
	Name         string           `json:"name"`
	Address      wireAddress      `json:"address"`
	More         []wireAlso       `json:"additional_addresses"`
	Direction    enum             `json:"traffic_direction"`
	Chains       []jsontext.Value `json:"filter_chains"` // read one by one: an empty one takes three bytes, and a thousand as a fact
	Matcher      jsontext.Value   `json:"filter_chain_matcher"`
	DefaultChain *wireChain       `json:"default_filter_chain"`
	Filters      []wireFilter     `json:"listener_filters"`
	Internal     jsontext.Value   `json:"internal_listener"`
	UseOriginal  bool             `json:"use_original_dst"`
	HiddenUse    bool             `json:"hidden_envoy_deprecated_use_original_dst"`
	BindToPort   *bool            `json:"bind_to_port"`
	Deprecated   wireDeprecatedV1 `json:"deprecated_v1"`
}

type wireAlso struct {
	Address wireAddress `json:"address"`
}

type wireDeprecatedV1 struct {
	BindToPort *bool `json:"bind_to_port"`
}

type wireChain struct {
	Name             string         `json:"name"`
	Match            wireChainMatch `json:"filter_chain_match"`
	Socket           jsontext.Value `json:"transport_socket"`
	TLSContext       jsontext.Value `json:"tls_context"`
	HiddenTLSContext jsontext.Value `json:"hidden_envoy_deprecated_tls_context"`
	Filters          []wireFilter   `json:"filters"`
}

type wireChainMatch struct {
	Port        *number     `json:"destination_port"`
	Ranges      []wireRange `json:"prefix_ranges"`
	Transport   string      `json:"transport_protocol"`
	ALPN        []string    `json:"application_protocols"`
	Names       []string    `json:"server_names"`
	Direct      []wireRange `json:"direct_source_prefix_ranges"`
	SourceType  enum        `json:"source_type"`
	Source      []wireRange `json:"source_prefix_ranges"`
	SourcePorts []number    `json:"source_ports"`
}

type wireRange struct {
	Address string `json:"address_prefix"`
	Bits    number `json:"prefix_len"`
}

type wireFilter struct {
	Name         string         `json:"name"`
	Typed        jsontext.Value `json:"typed_config"`
	Config       jsontext.Value `json:"config"`
	HiddenConfig jsontext.Value `json:"hidden_envoy_deprecated_config"`
}

type wireTCPProxy struct {
	Cluster    string              `json:"cluster"`
	Weighted   wireWeighted        `json:"weighted_clusters"`
	Deprecated jsontext.Value      `json:"deprecated_v1"` // routes; before 1.5 true, and all of v1's filter is in value
	HiddenV1   wireTCPDeprecatedV1 `json:"hidden_envoy_deprecated_deprecated_v1"`
	Value      struct {
		Routes wireTCPDeprecatedV1 `json:"route_config"`
	} `json:"value"`
}

type wireTCPDeprecatedV1 struct {
	Routes []struct {
		Cluster string `json:"cluster"`
	} `json:"routes"`
}

type wireWeighted struct {
	Clusters []wireRouted `json:"clusters"`
}

// wireRouted is one of several clusters of a route.
type wireRouted struct {
	Name    string `json:"name"`
	Header  string `json:"cluster_header"`
	Rewrite string `json:"host_rewrite_literal"`
}

// wireFilterState is a set_filter_state filter of connections.
type wireFilterState struct {
	New []struct {
		Key string `json:"object_key"`
	} `json:"on_new_connection"`
}

type wireHTTPManager struct {
	RDS struct {
		Name string `json:"route_config_name"`
	} `json:"rds"`
	Routes jsontext.Value `json:"route_config"`
	Value  struct {
		Routes jsontext.Value `json:"route_config"`
	} `json:"value"`
}

type wireRoutes struct {
	Mirrors []wireMirror      `json:"request_mirror_policies"`
	Hosts   []wireVirtualHost `json:"virtual_hosts"`
}

type wireVirtualHost struct {
	Domains []string       `json:"domains"`
	Matcher jsontext.Value `json:"matcher"`
	Mirrors []wireMirror   `json:"request_mirror_policies"`
	Routes  []struct {
		Route wireRoute `json:"route"`
	} `json:"routes"`
}

type wireRoute struct {
	Plugin   string         `json:"cluster_specifier_plugin"`
	Inline   jsontext.Value `json:"inline_cluster_specifier_plugin"`
	Header   string         `json:"cluster_header"`
	Rewrite  string         `json:"host_rewrite_literal"`
	Cluster  string         `json:"cluster"`
	Weighted wireWeighted   `json:"weighted_clusters"`
	Mirrors  []wireMirror   `json:"request_mirror_policies"`
	Mirror   wireMirror     `json:"request_mirror_policy"`
}

type wireMirror struct {
	Cluster string `json:"cluster"`
	Header  string `json:"cluster_header"`
}
