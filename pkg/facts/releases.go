package facts

// Ciphers of TLS 1.2 as Envoy's documentation lists its defaults.
const (
	modernCiphers = "ECDHE-ECDSA-AES128-GCM-SHA256,ECDHE-ECDSA-CHACHA20-POLY1305,ECDHE-RSA-AES128-GCM-SHA256,ECDHE-RSA-CHACHA20-POLY1305,ECDHE-ECDSA-AES256-GCM-SHA384,ECDHE-RSA-AES256-GCM-SHA384"
	oldCiphers    = modernCiphers + ",ECDHE-ECDSA-AES128-SHA,ECDHE-RSA-AES128-SHA,AES128-GCM-SHA256,AES128-SHA,ECDHE-ECDSA-AES256-SHA,ECDHE-RSA-AES256-SHA,AES256-GCM-SHA384,AES256-SHA"
)

// Where the rows come from.
const (
	tlsProto     = "envoy: api/envoy/extensions/transport_sockets/tls/v3/common.proto" // read of 1.19 to 1.22, 1.39 and 1.40
	verifyClient = "istio: VERIFY_CERTIFICATE_AT_CLIENT (pilot/pkg/features), releasenotes/notes/enable-verify-certificate-at-client.yaml; cluster_tls.go constructUpstreamTLS"
)

// Releases is the table of what changed with a release of Envoy or Istio, each row with its source. Code that needs such
// a fact reads it here.
func Releases() []Row {
	v := func(minor int) Release { return Release{1, minor} }
	return []Row{
		{EnvoyClientMinTLS, v(19), v(41), "TLSv1_2", tlsProto},
		{EnvoyClientMaxTLS, v(19), v(41), "TLSv1_2", tlsProto},
		{EnvoyServerMinTLS, v(19), v(22), "TLSv1_0", tlsProto},
		{EnvoyServerMinTLS, v(22), v(41), "TLSv1_2", tlsProto},
		{EnvoyServerMaxTLS, v(19), v(41), "TLSv1_3", tlsProto},
		{EnvoyClientCiphers, v(17), v(41), modernCiphers, "envoy: changelogs/1.17.0.yaml (RSA key transport and SHA-1 removed); " + tlsProto},
		{EnvoyServerCiphers, v(19), v(23), oldCiphers, tlsProto},
		{EnvoyServerCiphers, v(39), v(41), modernCiphers, tlsProto}, // between the two it changed; when is not known
		{EnvoyCurves, v(19), v(41), "X25519,P-256", tlsProto},       // envoyproxy/envoy pull 47225 adds X25519MLKEM768 after 1.40
		{EnvoyRSAKeyUsage, Release{}, v(38), "not enforced", "envoy: UpstreamTlsContext.enforce_rsa_key_usage, false by default until 1.37"},
		{EnvoyRSAKeyUsage, v(38), Release{}, "enforced", "envoy: enforce_rsa_key_usage, true by default since 1.38 and no choice later; seen with 1.39.3"},
		{EnvoySystemRoots, Release{}, v(41), "ignored", tlsProto + ": not-implemented-hide; seen with 1.39.3: any certificate is accepted"},
		{EnvoyAdminAPI, Release{}, v(13), "v2alpha", "recorded proxies: Istio 1.4 and older (Envoy 1.12) print v2alpha, Istio 1.5.4 (Envoy 1.13.1) prints v3"},
		{EnvoyAdminAPI, v(13), Release{}, "v3", "envoy: api/envoy/admin/v3/config_dump.proto"},
		{EnvoyNameRegex, v(19), Release{}, "yes", "envoy: changelogs/1.19.0.yaml, config_dump_handler.cc"},
		{IstioEmptyCA, Release{}, v(21), "nothing", verifyClient + ", default false since 1.12"},
		{IstioEmptyCA, v(21), v(24), "the system's CAs, unless a compatibility version of 1.20 turns that off", verifyClient + ", default true"},
		{IstioEmptyCA, v(24), Release{}, "the system's CAs", verifyClient + ", flag removed"},
		{IstioStatNames, Release{}, v(23), "", "istio: cluster_builder.go of 1.22.0, alt_stat_name as the cluster's name"},
		{IstioStatNames, v(23), Release{}, ";", "istio: networking/util DelimitedStatsPrefix, since 1.23.0"},
		{IstioCredentialName, Release{}, v(14), "ignored", "istio: releasenotes/notes/credential-name-support-egress-sidecar, destination-rule-workload-selector"},
		{IstioCredentialName, v(14), Release{}, "with a workloadSelector", "istio: cluster_tls.go buildUpstreamClusterTLSContext"},
		{IstioConfigMapCA, Release{}, v(26), "not known to Istio", "istio: releasenotes/notes/backend-policies"},
		{IstioConfigMapCA, v(26), Release{}, "without a workloadSelector", "istio: cluster_tls.go buildUpstreamClusterTLSContext"},
		{IstioAutoSNI, Release{}, v(21), "none", "istio: ENABLE_AUTO_SNI, default false from 1.14"},
		{IstioAutoSNI, v(21), Release{}, "the Host header", "istio: ENABLE_AUTO_SNI, default true; cluster_tls.go setAutoSniAndAutoSanValidation"},
		{IstioPolicyGeneration, Release{}, v(5), "Policy and MeshPolicy", "istio: pkg/config/schema of 1.4"},
		{IstioPolicyGeneration, v(6), Release{}, "PeerAuthentication", "istio: MeshPolicy and Policy are gone since 1.6; 1.5 has both"},
	}
}
