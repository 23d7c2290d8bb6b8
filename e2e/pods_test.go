//go:build e2e

package e2e

import (
	"crypto/rand"
	"fmt"
	"strings"
	"testing"
	"time"
)

// password is that of every Redis here. It is no secret; that it never shows in a report is tested all the same.
const password = "lab-secret-word"

// namespace makes a namespace of this test's own and removes it at the end.
func (s *suite) namespace(t *testing.T, purpose string, inject bool) string {
	t.Helper()
	name := fmt.Sprintf("e2e-%s-%s", purpose, strings.ToLower(rand.Text()[:6]))
	label := "disabled"
	if inject {
		label = "enabled"
	}
	s.apply(t, fmt.Sprintf("{apiVersion: v1, kind: Namespace, metadata: {name: %s, labels: {istio-injection: %s}}}", name, label))
	t.Cleanup(func() { s.try(t, "delete", "namespace", name, "--wait=false", "--ignore-not-found") })
	return name
}

// apply sends YAML as a person would, by kubectl apply.
func (s *suite) apply(t *testing.T, yaml string) {
	t.Helper()
	// kubectl takes text that begins with a brace for JSON.
	if r := s.exec(t, "---\n"+yaml, s.kubectl, "apply", "-f", "-"); r.code != 0 {
		t.Fatalf("%s%s", yaml, r)
	}
}

// workload is a Deployment of one container that waits to be used.
type workload struct {
	namespace, name string
	plain           bool              // no sidecar
	labels          map[string]string // beside app
	annotations     map[string]string
	aliases         map[string]string // host -> address, in the pod's hosts file
	replicas        int
	command         string // of the only container; default: sleep
	container       string // its name; default: app
	volumes         string // JSON lists of the pod's volumes and of the container's mounts
	mounts          string
	more            string // members of the container besides, in YAML: probes
	notReady        bool   // do not wait for it
	user            int    // that the container runs as; default: the image's
	gateway         bool   // istiod makes a gateway of it
}

func (w workload) yaml(image string) string {
	var notes, aliases, labels []string
	for k, v := range w.labels {
		labels = append(labels, fmt.Sprintf(", %s: %q", k, v))
	}
	for k, v := range w.annotations {
		notes = append(notes, fmt.Sprintf("%s: %q", k, v))
	}
	for host, address := range w.aliases {
		aliases = append(aliases, fmt.Sprintf("{ip: %s, hostnames: [%s]}", address, host))
	}
	more := w.more
	if more != "" {
		more = ", " + more
	}
	command := w.command
	if command == "" {
		command = "exec sleep infinity"
	}
	security := ""
	if w.user != 0 {
		security = fmt.Sprintf(", securityContext: {runAsUser: %d}", w.user)
	}
	inside := fmt.Sprintf("{name: %s, image: %s, command: [sh, -c, %q], volumeMounts: [%s]%s}", first(w.container, "app"), image, command, w.mounts, security+more)
	if w.gateway { // by default a tag of "auto" is pulled, before the webhook puts the real image there
		notes = append(notes, "inject.istio.io/templates: gateway")
		inside = "{name: istio-proxy, image: auto, imagePullPolicy: IfNotPresent}"
	}
	return fmt.Sprintf(`
apiVersion: apps/v1
kind: Deployment
metadata: {name: %[1]s, namespace: %[2]s}
spec:
  replicas: %[3]d
  selector: {matchLabels: {app: %[1]s}}
  template:
    metadata:
      labels: {app: %[1]s, sidecar.istio.io/inject: "%[4]t"%[8]s}
      annotations: {%[5]s}
    spec:
      terminationGracePeriodSeconds: 1
      hostAliases: [%[6]s]
      volumes: [%[7]s]
      containers:
      - %[9]s
`, w.name, w.namespace, max(1, w.replicas), !w.plain, strings.Join(notes, ", "), strings.Join(aliases, ", "), w.volumes, strings.Join(labels, ""), inside)
}

func first(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// deploy starts a workload and waits until its pods are ready.
func (s *suite) deploy(t *testing.T, ws ...workload) {
	t.Helper()
	for _, w := range ws {
		s.apply(t, w.yaml(s.image))
	}
	for _, w := range ws {
		if !w.notReady {
			s.kube(t, "rollout", "status", "deploy/"+w.name, "-n", w.namespace, fmt.Sprintf("--timeout=%s", podTime))
		}
	}
}

// pod gives the name of the only pod of a workload.
func (s *suite) pod(t *testing.T, namespace, name string) string {
	t.Helper()
	names := strings.Fields(s.kube(t, "get", "pods", "-n", namespace, "-l", "app="+name, "-o", "jsonpath={.items[*].metadata.name}"))
	if len(names) != 1 {
		t.Fatalf("pods of %s/%s: %q, want one", namespace, name, names)
	}
	return names[0]
}

// redis speaks plain Redis from a pod; the sidecar, or nobody, makes TLS of it.
func (s *suite) redis(t *testing.T, namespace, client, host string, port int, args ...string) result {
	t.Helper()
	return s.try(t, append([]string{"exec", "-n", namespace, "deploy/" + client, "-c", "app", "--", "timeout", "6",
		"redis-cli", "-h", host, "-p", fmt.Sprint(port), "-a", password, "--no-auth-warning"}, args...)...)
}

// answers tells whether a client gets its answer within the time.
func (s *suite) answers(t *testing.T, limit time.Duration, namespace, client, host string, port int) bool {
	t.Helper()
	_, ok := until(limit, func() bool { return strings.TrimSpace(s.redis(t, namespace, client, host, port, "PING").out) == "PONG" })
	return ok
}
