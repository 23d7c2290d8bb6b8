package envoy

import (
	"bytes"
	"fmt"
)

// generated writes the config dump of a large mesh in the shapes that Istio
// 1.31 makes: every third cluster originates TLS from an SDS file, the others
// have auto mTLS; each has a listener, a route and endpoints.
func generated(clusters, endpointsEach int) []byte {
	var b bytes.Buffer
	b.WriteString(`{"configs":[{"@type":"type.googleapis.com/envoy.admin.v3.BootstrapConfigDump","bootstrap":{"node":{"id":"sidecar~10.0.0.9~web-1.shop~shop.svc.cluster.local","metadata":{"ISTIO_VERSION":"1.31.1"},"user_agent_build_version":{"version":{"major_number":1,"minor_number":39,"patch":3}}}}},`)
	b.WriteString(` {"@type":"type.googleapis.com/envoy.admin.v3.ClustersConfigDump","version_info":"x","dynamic_active_clusters":[`)
	for i := range clusters {
		comma(&b, i)
		generatedCluster(&b, i)
	}
	b.WriteString(`]},{"@type":"type.googleapis.com/envoy.admin.v3.EndpointsConfigDump","dynamic_endpoint_configs":[`)
	for i := range clusters {
		comma(&b, i)
		fmt.Fprintf(&b, `{"endpoint_config":{"@type":"type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment","cluster_name":%q,"endpoints":[{"locality":{"region":"r"},"lb_endpoints":[`, clusterName(i))
		for j := range endpointsEach {
			comma(&b, j)
			fmt.Fprintf(&b, `{"endpoint":{"address":{"socket_address":{"address":"10.%d.%d.%d","port_value":8080}},"health_check_config":{}},"health_status":"HEALTHY","metadata":{"filter_metadata":{"envoy.transport_socket_match":{"tlsMode":"istio"},"istio":{"workload":"svc;shop;svc;v1;Kubernetes"}}},"load_balancing_weight":1}`, i/250, i%250, j)
		}
		b.WriteString(`]}]}}`)
	}
	b.WriteString(`]},{"@type":"type.googleapis.com/envoy.admin.v3.ListenersConfigDump","dynamic_listeners":[`)
	for i := range clusters {
		comma(&b, i)
		fmt.Fprintf(&b, `{"name":"10.9.%d.%d_%d","active_state":{"version_info":"x","listener":{"@type":"type.googleapis.com/envoy.config.listener.v3.Listener","name":"10.9.%d.%d_%d","address":{"socket_address":{"address":"10.9.%d.%d","port_value":%d}},"filter_chains":[{"filters":[{"name":"envoy.filters.network.tcp_proxy","typed_config":{"@type":"type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy","stat_prefix":%q,"cluster":%q,"access_log":[{"name":"envoy.access_loggers.file","typed_config":{"@type":"type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog","path":"/dev/stdout"}}]}}]}],"traffic_direction":"OUTBOUND","bind_to_port":false},"last_updated":"2026-11-22T10:00:00.123Z"}}`,
			i/250, i%250, 1000+i, i/250, i%250, 1000+i, i/250, i%250, 1000+i, clusterName(i), clusterName(i))
	}
	b.WriteString(`]},{"@type":"type.googleapis.com/envoy.admin.v3.RoutesConfigDump","dynamic_route_configs":[{"route_config":{"@type":"type.googleapis.com/envoy.config.route.v3.RouteConfiguration","name":"80","virtual_hosts":[`)
	for i := 0; i < clusters; i += 4 {
		comma(&b, i)
		fmt.Fprintf(&b, `{"name":"svc-%d:80","domains":["svc-%d.shop.svc.cluster.local","svc-%d.shop"],"routes":[{"match":{"prefix":"/"},"route":{"cluster":%q,"timeout":"0s","retry_policy":{"retry_on":"connect-failure,refused-stream,unavailable,cancelled,503","num_retries":2}},"decorator":{"operation":"svc-%d/*"}}]}`, i, i, i, clusterName(i), i)
	}
	b.WriteString(`]}}]},{"@type":"type.googleapis.com/envoy.admin.v3.SecretsConfigDump","dynamic_active_secrets":[{"name":"ROOTCA","version_info":"x","secret":{"@type":"type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret","name":"ROOTCA","validation_context":{"trusted_ca":{"inline_bytes":"LS0="}}}}]}]}`)
	return b.Bytes()
}

func comma(b *bytes.Buffer, i int) {
	if i > 0 {
		b.WriteString(",\n ")
	}
}

func clusterName(i int) string {
	return fmt.Sprintf("outbound|%d||svc-%d.shop.svc.cluster.local", 1000+i, i)
}

const generatedSDS = `"sds_config":{"api_config_source":{"api_type":"GRPC","grpc_services":[{"envoy_grpc":{"cluster_name":"sds-grpc"}}],"set_node_on_first_message_only":true,"transport_api_version":"V3"},"initial_fetch_timeout":"0s","resource_api_version":"V3"}`

func generatedCluster(b *bytes.Buffer, i int) {
	fmt.Fprintf(b, `{"version_info":"2026-11-22T10:00:00Z/17","cluster":{"@type":"type.googleapis.com/envoy.config.cluster.v3.Cluster","name":%q,"alt_stat_name":"%s;","type":"EDS","eds_cluster_config":{"eds_config":{"ads":{},"initial_fetch_timeout":"0s","resource_api_version":"V3"},"service_name":%q},"connect_timeout":"10s","lb_policy":"LEAST_REQUEST","circuit_breakers":{"thresholds":[{"max_connections":4294967295,"max_pending_requests":4294967295,"max_requests":4294967295,"max_retries":4294967295,"track_remaining":true}]},"common_lb_config":{"locality_weighted_lb_config":{}},"typed_extension_protocol_options":{"envoy.extensions.upstreams.http.v3.HttpProtocolOptions":{"@type":"type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions","upstream_http_protocol_options":{"auto_sni":true,"auto_san_validation":true},"explicit_http_config":{"http_protocol_options":{}}}},"metadata":{"filter_metadata":{"istio":{"config":"/apis/networking.istio.io/v1/namespaces/shop/destination-rule/rule-%d","services":[{"host":"svc-%d.shop.svc.cluster.local","name":"svc-%d","namespace":"shop"}]}}},`,
		clusterName(i), clusterName(i), clusterName(i), i, i, i)
	if i%3 == 0 {
		fmt.Fprintf(b, `"transport_socket":{"name":"envoy.transport_sockets.tls","typed_config":{"@type":"type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext","common_tls_context":{"combined_validation_context":{"default_validation_context":{"match_subject_alt_names":[{"exact":"svc-%d.example.com"}]},"validation_context_sds_secret_config":{"name":"file-root:/etc/ca/root.pem",%s}}},"sni":"svc-%d.example.com"}}`, i, generatedSDS, i)
	} else {
		fmt.Fprintf(b, `"transport_socket_matches":[{"name":"tlsMode-istio","match":{"tlsMode":"istio"},"transport_socket":{"name":"envoy.transport_sockets.tls","typed_config":{"@type":"type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext","common_tls_context":{"tls_params":{"tls_minimum_protocol_version":"TLSv1_2","tls_maximum_protocol_version":"TLSv1_3"},"alpn_protocols":["istio-peer-exchange","istio"],"tls_certificate_sds_secret_configs":[{"name":"default",%s}],"combined_validation_context":{"default_validation_context":{"match_subject_alt_names":[{"exact":"spiffe://cluster.local/ns/shop/sa/svc-%d"}]},"validation_context_sds_secret_config":{"name":"ROOTCA",%s}}},"sni":"outbound_.80_._.svc-%d.shop.svc.cluster.local"}}},{"name":"tlsMode-disabled","match":{},"transport_socket":{"name":"envoy.transport_sockets.raw_buffer","typed_config":{"@type":"type.googleapis.com/envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer"}}}]`, generatedSDS, i, generatedSDS, i)
	}
	b.WriteString(`},"last_updated":"2026-11-22T10:00:00.123Z"}`)
}
