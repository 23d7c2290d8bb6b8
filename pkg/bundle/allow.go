package bundle

// The members that pkg/envoy reads; a test holds the lists to its sources. All
// others stay out: extensions, headers, filters and metadata can hold anything.

// dumpMembers are those of /config_dump, at any depth.
var dumpMembers = map[string]bool{
	// sections and their entries
	"configs": true, "@type": true, "name": true, "version_info": true, "last_updated": true,
	"static_clusters": true, "dynamic_active_clusters": true, "dynamic_warming_clusters": true, "static_endpoint_configs": true, "dynamic_endpoint_configs": true,
	"static_listeners": true, "dynamic_listeners": true, "dynamic_active_listeners": true, "dynamic_warming_listeners": true,
	"static_route_configs": true, "dynamic_route_configs": true, "static_secrets": true, "dynamic_active_secrets": true, "dynamic_warming_secrets": true,
	"cluster": true, "endpoint_config": true, "listener": true, "active_state": true, "warming_state": true, "error_state": true, "route_config": true, "secret": true, "bootstrap": true,
	"last_update_attempt": true, "details": true, "failed_configuration": true,
	// the bootstrap
	"node": true, "id": true, "build_version": true, "hidden_envoy_deprecated_build_version": true, "user_agent_build_version": true, "version": true, "major_number": true, "minor_number": true, "patch": true, "ssl.version": true,
	"metadata": true, "ISTIO_VERSION": true, "NAMESPACE": true, "WORKLOAD_NAME": true, "SERVICE_ACCOUNT": true, "TRUST_DOMAIN": true,
	"stats_config": true, "stats_matcher": true, "reject_all": true, "inclusion_list": true, "exclusion_list": true, "patterns": true, "static_resources": true, "secrets": true,
	// clusters and endpoints
	"alt_stat_name": true, "type": true, "cluster_type": true, "eds_cluster_config": true, "service_name": true, "transport_socket": true, "tls_context": true, "hidden_envoy_deprecated_tls_context": true,
	"transport_socket_matches": true, "match": true, "transport_socket_matcher": true, "filter_metadata": true, "istio": true, "external": true, "alpn_override": true, "config": true,
	"typed_extension_protocol_options": true, "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": true, "upstream_http_protocol_options": true, "auto_sni": true, "auto_san_validation": true, "override_auto_sni_header": true,
	"load_assignment": true, "cluster_name": true, "endpoints": true, "lb_endpoints": true, "endpoint": true, "hostname": true, "health_status": true, "envoy.transport_socket_match": true,
	"hosts": true, "hidden_envoy_deprecated_hosts": true, "observability_name": true, "address": true, "socket_address": true, "port_value": true, "named_port": true, "pipe": true, "path": true,
	"envoy_internal_address": true, "server_listener_name": true, "endpoint_id": true,
	// listeners and routes
	"traffic_direction": true, "filter_chains": true, "default_filter_chain": true, "listener_filters": true, "internal_listener": true, "use_original_dst": true, "hidden_envoy_deprecated_use_original_dst": true,
	"bind_to_port": true, "deprecated_v1": true, "filter_chain_match": true, "filter_chain_matcher": true, "destination_port": true, "transport_protocol": true, "application_protocols": true, "server_names": true,
	"prefix_ranges": true, "address_prefix": true, "prefix_len": true, "direct_source_prefix_ranges": true, "source_type": true, "source_prefix_ranges": true, "source_ports": true, "additional_addresses": true,
	"cluster_header": true, "cluster_specifier_plugin": true, "inline_cluster_specifier_plugin": true, "rds": true, "route_config_name": true, "on_new_connection": true, "object_key": true,
	"filters": true, "typed_config": true, "hidden_envoy_deprecated_config": true, "weighted_clusters": true, "clusters": true, "hidden_envoy_deprecated_deprecated_v1": true, "routes": true,
	"request_mirror_policies": true, "request_mirror_policy": true, "virtual_hosts": true, "route": true, "domains": true, "require_tls": true, "host_rewrite_literal": true,
	// sockets
	"type_url": true, "value": true, "upstream_tls_context": true, "downstream_tls_context": true, "common_tls_context": true, "sni": true, "auto_host_sni": true, "auto_sni_san_validation": true,
	"require_client_certificate": true, "tls_params": true, "tls_certificates": true, "tls_certificate_sds_secret_configs": true, "tls_certificate_provider_instance": true,
	"tls_certificate_certificate_provider_instance": true, "tls_certificate_certificate_provider": true, "custom_tls_certificate_selector": true, "custom_handshaker": true, "validation_context": true,
	"validation_context_sds_secret_config": true, "validation_context_certificate_provider_instance": true, "validation_context_certificate_provider": true,
	"combined_validation_context": true, "default_validation_context": true, "alpn_protocols": true, "key_log": true, "instance_name": true, "certificate_name": true,
	// certificates: of keys only that they are there
	"tls_certificate": true, "certificate_chain": true, "pkcs12": true, "session_ticket_keys": true, "generic_secret": true,
	"inline_bytes": true, "inline_string": true, "filename": true, "environment_variable": true,
	// CertificateValidationContext (envoy: extensions/transport_sockets/tls/v3/common.proto)
	"trusted_ca": true, "crl": true, "only_verify_leaf_cert_crl": true, "ca_certificate_provider_instance": true, "system_root_certs": true, "match_typed_subject_alt_names": true, "match_subject_alt_names": true, "san_type": true, "matcher": true,
	"exact": true, "prefix": true, "suffix": true, "contains": true, "regex": true, "safe_regex": true, "google_re2": true, "ignore_case": true, "hidden_envoy_deprecated_regex": true,
	"verify_certificate_hash": true, "verify_certificate_spki": true, "verify_subject_alt_name": true, "hidden_envoy_deprecated_verify_subject_alt_name": true,
	"allow_expired_certificate": true, "trust_chain_verification": true, "custom_validator_config": true, "trust_domains": true, "trust_bundle": true, "trust_bundles": true,
}

// wholeMembers are kept with all that is below them: labels of endpoints, and the
// parameters of TLS.
var wholeMembers = map[string]bool{"envoy.transport_socket_match": true, "tls_params": true}

// onlyUnder are members that mean something else elsewhere: the match of a route
// has headers in it.
var onlyUnder = map[string]string{"match": "transport_socket_matches"}

// emptied are members of which only counts that they are there.
var emptied = map[string]bool{"session_ticket_keys": true, "generic_secret": true, "transport_socket_matcher": true, "filter_chain_matcher": true, "internal_listener": true, "system_root_certs": true, "inline_cluster_specifier_plugin": true}

// publicSources are the members whose text is public: certificates.
var publicSources = map[string]bool{"certificate_chain": true, "trusted_ca": true, "crl": true, "trust_bundle": true, "trust_bundles": true}

// bundleMapMembers are those of the trust bundles of SPIFFE, a JSON text.
var bundleMapMembers = map[string]bool{"trust_domains": true, "keys": true, "use": true, "x5c": true}

// listMembers are those of /clusters.
var listMembers = map[string]bool{"cluster_statuses": true, "name": true, "host_statuses": true, "address": true, "socket_address": true, "port_value": true, "named_port": true, "pipe": true, "path": true,
	"envoy_internal_address": true, "server_listener_name": true, "endpoint_id": true, "hostname": true, "health_status": true, "eds_health_status": true, "failed_active_health_check": true,
	"failed_outlier_check": true, "stats": true, "value": true,
	// /listeners, which is not saved: the dump has them all
	"local_address": true, "additional_local_addresses": true,
}

// statMembers are those of /stats.
var statMembers = map[string]bool{"stats": true, "name": true, "value": true}

// infoMembers are those of /server_info.
var infoMembers = map[string]bool{"version": true, "node": true, "id": true, "build_version": true, "hidden_envoy_deprecated_build_version": true, "user_agent_build_version": true, "major_number": true,
	"minor_number": true, "patch": true, "ssl.version": true, "metadata": true, "ISTIO_VERSION": true, "NAMESPACE": true, "WORKLOAD_NAME": true, "SERVICE_ACCOUNT": true, "TRUST_DOMAIN": true,
}

// clusterFilters send to the clusters that any member of theirs names so; of their
// configuration nothing else is kept (pkg/envoy: members.go).
var clusterFilters = map[string]bool{"RedisProxy": true, "ThriftProxy": true, "DubboProxy": true, "MetaProtocolProxy": true, "GenericProxy": true}

// certMembers are those of /certs.
var certMembers = map[string]bool{"certificates": true, "cert_chain": true, "path": true, "serial_number": true, "subject_alt_names": true, "dns": true, "uri": true, "ip_address": true, "valid_from": true, "expiration_time": true}
