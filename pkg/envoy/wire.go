package envoy

import (
	"net"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

// The parts of Envoy's messages that facts need. Members stay raw where their
// type depends on another member, or where one broken part must not spoil the
// rest. The hidden_envoy_deprecated_ names are what Envoy 1.14 to 1.16 prints
// for fields of the v2 API.

type wireCluster struct {
	Name              string              `json:"name"`
	AltStatName       string              `json:"alt_stat_name"`
	Type              enum                `json:"type"`
	ClusterType       wireClusterType     `json:"cluster_type"`
	EDS               wireEDS             `json:"eds_cluster_config"`
	Socket            jsontext.Value      `json:"transport_socket"`
	TLSContext        jsontext.Value      `json:"tls_context"`
	HiddenTLSContext  jsontext.Value      `json:"hidden_envoy_deprecated_tls_context"`
	Matches           []wireSocketMatch   `json:"transport_socket_matches"`
	Matcher           jsontext.Value      `json:"transport_socket_matcher"`
	Metadata          wireClusterMetadata `json:"metadata"`
	Options           wireOptions         `json:"typed_extension_protocol_options"`
	HTTPOptions       wireHTTPOptions     `json:"upstream_http_protocol_options"`
	LoadAssignment    wireAssignment      `json:"load_assignment"`
	Hosts             []wireAddress       `json:"hosts"`
	HiddenHosts       []wireAddress       `json:"hidden_envoy_deprecated_hosts"`
	ObservabilityName string              `json:"observability_name"`
}

type wireNamed struct {
	Name string `json:"name"`
}

type wireEDS struct {
	ServiceName string `json:"service_name"`
}

type wireSocketMatch struct {
	Name   string         `json:"name"`
	Match  map[string]any `json:"match"`
	Socket jsontext.Value `json:"transport_socket"`
}

type wireClusterMetadata struct {
	Filter struct {
		Istio struct {
			Config   string `json:"config"`
			External bool   `json:"external"`
			ALPN     any    `json:"alpn_override"`
		} `json:"istio"`
	} `json:"filter_metadata"`
}

type wireOptions struct {
	HTTP jsontext.Value `json:"envoy.extensions.upstreams.http.v3.HttpProtocolOptions"`
}

type wireUpstreamHTTP struct {
	Upstream wireHTTPOptions `json:"upstream_http_protocol_options"`
}

type wireHTTPOptions struct {
	AutoSNI bool `json:"auto_sni"`
	AutoSAN bool `json:"auto_san_validation"`

	Header string `json:"override_auto_sni_header"`
}

type wireAssignment struct {
	Cluster   string         `json:"cluster_name"`
	Endpoints []wireLocality `json:"endpoints"`
}

type wireLocality struct {
	Metadata    wireEndpointMetadata `json:"metadata"`
	LBEndpoints []wireEndpoint       `json:"lb_endpoints"`
}

type wireEndpoint struct {
	Endpoint struct {
		Address  wireAddress `json:"address"`
		Hostname string      `json:"hostname"`
	} `json:"endpoint"`
	Health   enum                 `json:"health_status"`
	Metadata wireEndpointMetadata `json:"metadata"`
}

type wireEndpointMetadata struct {
	Filter struct {
		Match map[string]any `json:"envoy.transport_socket_match"`
	} `json:"filter_metadata"`
}

type wireAddress struct {
	Socket struct {
		Address string `json:"address"`
		Port    number `json:"port_value"`
		Named   string `json:"named_port"`
	} `json:"socket_address"`
	Pipe struct {
		Path string `json:"path"`
	} `json:"pipe"`
	Internal struct {
		Listener string `json:"server_listener_name"`
		Endpoint string `json:"endpoint_id"`
	} `json:"envoy_internal_address"`
}

// String spells an address as facts.Endpoint wants it; it is also the key that
// joins /clusters to config_dump.
func (a wireAddress) String() string {
	switch {
	case a.Pipe.Path != "":
		return "unix://" + a.Pipe.Path
	case a.Internal.Listener != "":
		return "envoy://" + a.Internal.Listener + "/" + a.Internal.Endpoint
	case a.Socket.Address == "":
		return ""
	case a.Socket.Named != "":
		return net.JoinHostPort(a.Socket.Address, a.Socket.Named)
	}
	return net.JoinHostPort(a.Socket.Address, strconv.FormatUint(uint64(a.Socket.Port), 10))
}
