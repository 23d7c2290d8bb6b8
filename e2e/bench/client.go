package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

const (
	port       = 17999
	groupHosts = 100 // of one ServiceEntry and, without ruleEach, one rule
)

// client is a namespace with one pod whose sidecar originates TLS to many hosts. All of them are one server of the lab
// (a Redis: nobody asks it more than a TLS handshake), whose certificate has the name of the first. They are HTTP hosts,
// since of TCP hosts without an address only one can have a port. Nothing is visible outside the namespace.
type client struct {
	namespace string
	hosts     int
	ruleEach  bool
}

func host(n int) string { return fmt.Sprintf("h%04d.g%02d.bench.internal", n, n/groupHosts) }

func (c client) target() string { return host(0) }

func (c client) make(ctx context.Context, o options) error {
	certs := filepath.Join(o.work, "certs")
	if _, err := output(ctx, nil, o.lab, "certs", certs, "--ca", "bench-ca", "--host", c.target()); err != nil {
		return err
	}
	pem := filepath.Join(certs, c.target()+".pem")
	if _, err := output(ctx, nil, o.lab, "serve", o.instance, "redis", "--host", c.target(), "--port", strconv.Itoa(port), "--password", "secret",
		"--cert", pem, "--key", strings.TrimSuffix(pem, ".pem")+".key"); err != nil {
		return err
	}
	node, err := output(ctx, nil, o.kubectl, "get", "nodes", "-o", `jsonpath={.items[0].status.addresses[?(@.type=="InternalIP")].address}`)
	if err != nil {
		return err
	}
	ca, err := output(ctx, nil, o.kubectl, "create", "secret", "generic", "bench-ca", "--from-file=ca.pem="+filepath.Join(certs, "bench-ca.pem"), "--dry-run=client", "-o", "json")
	if err != nil {
		return err
	}
	if err := c.apply(ctx, o, obj{"apiVersion": "v1", "kind": "Namespace", "metadata": obj{"name": c.namespace}}, json.RawMessage(ca), c.deployment()); err != nil {
		return err
	}
	if err := c.apply(ctx, o, c.rules(node)...); err != nil {
		return err
	}
	return c.settle(ctx, o)
}

// apply sends objects in one list; a rule that is there from another part is replaced.
func (c client) apply(ctx context.Context, o options, objects ...any) error {
	text, err := json.Marshal(obj{"apiVersion": "v1", "kind": "List", "items": objects})
	if err != nil {
		return err
	}
	_, err = output(ctx, bytes.NewReader(text), o.kubectl, "apply", "--server-side", "--force-conflicts", "-n", c.namespace, "-f", "-")
	return err
}

func (c client) deployment() obj {
	labels := obj{"app": "client"}
	return obj{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": obj{"name": "client"}, "spec": obj{
		"selector": obj{"matchLabels": labels},
		"template": obj{
			"metadata": obj{"labels": obj{"app": "client", "sidecar.istio.io/inject": "true"}, "annotations": obj{
				"sidecar.istio.io/userVolume":      `[{"name":"ca","secret":{"secretName":"bench-ca"}}]`,
				"sidecar.istio.io/userVolumeMount": `[{"name":"ca","mountPath":"/etc/bench-ca"}]`,
			}},
			"spec": obj{"terminationGracePeriodSeconds": 1, "containers": []obj{{"name": "client", "image": "docker.io/lab/base:1", "command": []string{"sleep", "86400"}}}},
		},
	}}
}

// rules: a ServiceEntry for each hundred hosts, and a DestinationRule for each of those or for each host.
func (c client) rules(node string) []any {
	var out []any
	rule := func(name, host string) {
		out = append(out, obj{"apiVersion": "networking.istio.io/v1", "kind": "DestinationRule", "metadata": obj{"name": name}, "spec": obj{
			"host": host, "exportTo": []string{"."}, "trafficPolicy": obj{"tls": obj{"mode": "SIMPLE", "caCertificates": "/etc/bench-ca/ca.pem",
				"sni": c.target(), "subjectAltNames": []string{c.target()}}}}})
	}
	for start := 0; start < c.hosts; start += groupHosts {
		group := start / groupHosts
		var hosts []string
		for n := start; n < min(start+groupHosts, c.hosts); n++ {
			hosts = append(hosts, host(n))
			if c.ruleEach {
				rule(fmt.Sprintf("h%04d", n), host(n))
			}
		}
		out = append(out, obj{"apiVersion": "networking.istio.io/v1", "kind": "ServiceEntry", "metadata": obj{"name": fmt.Sprintf("g%02d", group)}, "spec": obj{
			"hosts": hosts, "exportTo": []string{"."}, "location": "MESH_EXTERNAL", "resolution": "STATIC", "endpoints": []obj{{"address": node}},
			"ports": []obj{{"number": port, "name": "http-bench", "protocol": "HTTP"}}}})
		if !c.ruleEach {
			rule(fmt.Sprintf("g%02d", group), fmt.Sprintf("*.g%02d.bench.internal", group))
		}
	}
	return out
}

// settle waits until the sidecar has every cluster, and the one that is asked about is judged OK.
func (c client) settle(ctx context.Context, o options) error {
	if _, err := output(ctx, nil, o.kubectl, "rollout", "status", "-n", c.namespace, "deploy/client", "--timeout=120s"); err != nil {
		return err
	}
	const tries = 120
	var last error
	for range tries {
		text, err := output(ctx, nil, o.kubectl, "exec", "-n", c.namespace, "deploy/client", "-c", "istio-proxy", "--",
			"pilot-agent", "request", "GET", "stats?filter=cluster_manager.active_clusters")
		_, number, _ := strings.Cut(text, ": ")
		if n, _ := strconv.Atoi(strings.TrimSpace(number)); err == nil && n >= c.hosts {
			if _, err = output(ctx, nil, c.question(ctx, o)...); err == nil {
				return wait(ctx, 2*time.Second)
			}
		}
		last = err
		if err := wait(ctx, time.Second); err != nil {
			return err
		}
	}
	return fmt.Errorf("the sidecar in %s has not got %d clusters, and %s right, in %d seconds: %w", c.namespace, c.hosts, c.target(), tries, last)
}

// question is the plugin's command about one host.
func (c client) question(ctx context.Context, o options) []string {
	return []string{o.plugin, "verify", "pod/" + c.pod(ctx, o), "-n", c.namespace, "--to", fmt.Sprintf("%s:%d", c.target(), port)}
}

func (c client) pod(ctx context.Context, o options) string {
	name, _ := output(ctx, nil, o.kubectl, "get", "pods", "-n", c.namespace, "-l", "app=client", "-o", "jsonpath={.items[0].metadata.name}")
	return name
}

func (c client) remove(ctx context.Context, o options) {
	if !o.keep {
		_, _ = output(ctx, nil, o.kubectl, "delete", "namespace", c.namespace, "--ignore-not-found", "--wait=false")
	}
}

// cleanUp removes what a run makes, whether it was made or not.
func cleanUp(ctx context.Context, o options) error {
	if o.instance == "" {
		return nil
	}
	large.remove(ctx, o)
	_, err := output(ctx, nil, o.lab, "serve", o.instance, "stop", "redis", "--port", strconv.Itoa(port))
	return err
}

func wait(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// output runs a command for what it says.
func output(ctx context.Context, in *bytes.Reader, argv ...string) (string, error) {
	run := exec.CommandContext(ctx, argv[0], argv[1:]...)
	if in != nil {
		run.Stdin = in
	}
	var errs bytes.Buffer
	run.Stderr = &errs
	out, err := run.Output()
	if err != nil {
		return "", fmt.Errorf("running %q: %w\n%s", argv, err, errs.Bytes())
	}
	return string(out), nil
}
