package main

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

const (
	offlineClusters  = 5000
	offlineEndpoints = 4 // of each cluster
	offlineCA        = "file-root:/etc/bench-ca/ca.pem"
)

func measureHelp(ctx context.Context, o options) ([]row, error) {
	r, err := pairs(ctx, max(o.pairs, 31), cmd(o.plugin, "--help").once, cmd(o.kubectl, "version", "--client").once)
	if err != nil {
		return nil, err
	}
	return []row{r.wall("--help against kubectl version --client", 1)}, nil
}

// measureOffline judges a saved dump, against what it takes jq to read and print it.
func measureOffline(ctx context.Context, o options) ([]row, error) {
	what := fmt.Sprintf("verify --dump of %d clusters, %d endpoints, against jq .", offlineClusters, offlineClusters*offlineEndpoints)
	if _, err := exec.LookPath("jq"); err != nil {
		return []row{{what: what, note: "jq is not installed"}}, nil //nolint:nilerr // told in the table
	}
	file := filepath.Join(o.work, "config_dump.json")
	if err := writeDump(file); err != nil {
		return nil, err
	}
	st, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	r, err := pairs(ctx, o.pairs, cmd(o.plugin, "verify", "--dump", file, "--all").orFindings().once, cmd("jq", ".", file).once)
	if err != nil {
		return nil, err
	}
	r.theirPeak = st.Size()
	return []row{r.wall(what, 2), r.peak("the same, memory against the file's size", 3)}, nil
}

// writeDump writes what Envoy's /config_dump?include_eds looks like for a client of many TLS hosts, section by section
// and entry by entry.
func writeDump(file string) error {
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(f)
	_, _ = w.WriteString("{\n \"configs\": [\n")
	section := func(kind, list, last string, entry func(n int) any) {
		_, _ = fmt.Fprintf(w, "  {\n   \"@type\": \"type.googleapis.com/envoy.admin.v3.%s\",\n   \"%s\": [\n", kind, list)
		for n := range offlineClusters {
			text, _ := json.MarshalIndent(entry(n), "    ", " ")
			comma := ","
			if n == offlineClusters-1 {
				comma = ""
			}
			_, _ = fmt.Fprintf(w, "    %s%s\n", text, comma)
		}
		_, _ = fmt.Fprintf(w, "   ]\n  }%s\n", last)
	}
	section("ClustersConfigDump", "dynamic_active_clusters", ",", dumpCluster)
	section("EndpointsConfigDump", "dynamic_endpoint_configs", ",", dumpEndpoints)
	secret, err := dumpSecret()
	_, _ = fmt.Fprintf(w, "  %s\n", secret)
	_, _ = w.WriteString(" ]\n}\n")
	return errors.Join(err, w.Flush(), f.Close())
}

type obj map[string]any

func dumpHost(n int) string { return fmt.Sprintf("h%04d.bench.internal", n) }

func dumpCluster(n int) any {
	host := dumpHost(n)
	ads := obj{"ads": obj{}, "initial_fetch_timeout": "0s", "resource_api_version": "V3"}
	secret := func(name string) obj {
		return obj{"name": name, "sds_config": obj{"api_config_source": obj{"api_type": "GRPC", "transport_api_version": "V3", "set_node_on_first_message_only": true,
			"grpc_services": []obj{{"envoy_grpc": obj{"cluster_name": "sds-grpc"}}}}, "resource_api_version": "V3"}}
	}
	tls := obj{"@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext", "sni": host, "common_tls_context": obj{
		"tls_params": obj{"tls_minimum_protocol_version": "TLSv1_2"},
		"combined_validation_context": obj{"validation_context_sds_secret_config": secret(offlineCA), "default_validation_context": obj{
			"match_typed_subject_alt_names": []obj{{"san_type": "DNS", "matcher": obj{"exact": host}}}}}}}
	return obj{"version_info": "2026-01-01T00:00:00Z/1", "last_updated": "2026-01-01T00:00:00.000Z", "cluster": obj{
		"@type": "type.googleapis.com/envoy.config.cluster.v3.Cluster", "name": "outbound|16222||" + host, "type": "EDS", "connect_timeout": "10s",
		"eds_cluster_config": obj{"eds_config": ads, "service_name": "outbound|16222||" + host},
		"circuit_breakers": obj{"thresholds": []obj{{"max_connections": 4294967295, "max_pending_requests": 4294967295, "max_requests": 4294967295,
			"max_retries": 4294967295, "track_remaining": true}}},
		"common_lb_config": obj{}, "transport_socket": obj{"name": "envoy.transport_sockets.tls", "typed_config": tls},
		"metadata": obj{"filter_metadata": obj{"istio": obj{"config": fmt.Sprintf("/apis/networking.istio.io/v1alpha3/namespaces/bench/destination-rule/h%04d", n),
			"external": true, "services": []obj{{"namespace": "bench", "host": host, "name": host}}}}},
	}}
}

// dumpSecret is the CA that all clusters name.
func dumpSecret() ([]byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	ca := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "bench-ca"}, NotBefore: time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC),
		NotAfter: time.Date(2045, 1, 1, 0, 0, 0, 0, time.UTC), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, ca, ca, key.Public(), key)
	if err != nil {
		return nil, err
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	return json.MarshalIndent(obj{"@type": "type.googleapis.com/envoy.admin.v3.SecretsConfigDump", "dynamic_active_secrets": []obj{{
		"name": offlineCA, "version_info": "uninitialized", "last_updated": "2026-01-01T00:00:00.000Z", "secret": obj{
			"@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret", "name": offlineCA,
			"validation_context": obj{"trusted_ca": obj{"inline_bytes": base64.StdEncoding.EncodeToString(text)}}}}}}, "  ", " ")
}

func dumpEndpoints(n int) any {
	var list []obj
	for i := range offlineEndpoints {
		list = append(list, obj{"health_status": "HEALTHY", "load_balancing_weight": 1, "metadata": obj{"filter_metadata": obj{"istio": obj{"workload": ";;;;"}}},
			"endpoint": obj{"health_check_config": obj{}, "address": obj{"socket_address": obj{"address": fmt.Sprintf("10.%d.%d.%d", n>>8, n&255, i+1), "port_value": 16222}}}})
	}
	return obj{"endpoint_config": obj{"@type": "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment", "cluster_name": "outbound|16222||" + dumpHost(n),
		"endpoints": []obj{{"locality": obj{}, "load_balancing_weight": offlineEndpoints, "lb_endpoints": list}}, "policy": obj{"overprovisioning_factor": 140}}}
}
