//go:build e2e

package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// inner is a namespace of the mesh where mutual TLS is demanded: `web` calls the Service `db`; `bare` has no sidecar
// and is in a namespace of its own. Verify is asked about both ends of web's calls.
type inner struct {
	*suite
	namespace, outside string
	service            string // that web calls; default db
	guarded            bool   // ask what db takes, not what web sends
	used               bool   // it was healthy once, and broken since
}

func newInner(t *testing.T, purpose string) *inner {
	t.Helper()
	s := newSuite(t)
	x := &inner{suite: s, namespace: s.namespace(t, purpose, true), outside: s.namespace(t, purpose+"-out", false), service: "db"}
	x.apply(t, x.fill(`{apiVersion: v1, kind: Service, metadata: {name: db, namespace: $NS}, spec: {selector: {app: db}, ports: [{name: http, port: 80, targetPort: 8080}]}}`))
	s.deploy(t, workload{namespace: x.namespace, name: "db", command: server}, workload{namespace: x.namespace, name: "web"},
		workload{namespace: x.outside, name: "bare", plain: true})
	x.mend(t)
	return x
}

func (x *inner) cluster() string {
	if x.guarded {
		return ""
	}
	return "outbound|80||" + x.service + "." + x.namespace + ".svc.cluster.local"
}

func (x *inner) fill(yaml string) string {
	return strings.NewReplacer("$NS", x.namespace, "$OUTSIDE", x.outside).Replace(yaml)
}

func (x *inner) verify(t *testing.T, more ...string) result {
	t.Helper()
	args := []string{"verify", "deploy/web", "-n", x.namespace, "--to", "svc/" + x.service + ":80"}
	if x.guarded {
		args = []string{"verify", "deploy/db", "-n", x.namespace}
	}
	return x.plugin(t, append(args, more...)...)
}

// ping tells that web is answered; where the server's door is in question, that bare is refused.
func (x *inner) ping(t *testing.T, limit time.Duration) bool {
	t.Helper()
	_, ok := until(limit, func() bool {
		if x.guarded {
			return x.call(t, x.outside, "bare", "db") == "000"
		}
		return x.call(t, x.namespace, "web", x.service) == "200"
	})
	return ok
}

func (x *inner) call(t *testing.T, namespace, client, service string) string {
	t.Helper()
	return x.try(t, "exec", "-n", namespace, "deploy/"+client, "-c", "app", "--", "curl", "-s", "--max-time", "3", "-o", "/dev/null",
		"-w", "%{http_code}", "http://"+service+"."+x.namespace+"/hostname").out
}

// healthy demands exit code 0 and no finding. Rows come one after the other, and where one changes a PeerAuthentication
// alone web keeps its cluster: a call that failed while the two ends changed is told for good.
func (x *inner) healthy(t *testing.T, when string) {
	t.Helper()
	var r result
	took, ok := until(proxyTime, func() bool {
		if !x.ping(t, 0) {
			r = result{err: "not answered, or not refused, as it should be"}
			return false
		}
		if r = x.verify(t, "-o", "json"); r.code != 0 {
			return false
		}
		for _, f := range read(t, r).findings(x.cluster(), "WARN", "UNKNOWN", "FAIL") {
			if !x.used || !f.ofThePast() {
				return false
			}
		}
		return true
	})
	if !ok {
		t.Fatalf("%s: not healthy after %s: %s", when, took.Round(time.Second), r)
	}
	x.used = true
}

// mend demands mutual TLS of the namespace.
func (x *inner) mend(t *testing.T) {
	t.Helper()
	if r := x.plugin(t, "enable", "strict", "-n", x.namespace, "--force-conflicts"); r.code != 0 {
		t.Errorf("%s", r)
	}
}

// innerObject makes one object of Istio; the repair deletes it.
func innerObject(kind, namespace, name, spec string) func(*testing.T, *inner) {
	group := map[string]string{"PeerAuthentication": "security.istio.io/v1", "EnvoyFilter": "networking.istio.io/v1alpha3"}[kind]
	return func(t *testing.T, x *inner) {
		t.Helper()
		x.apply(t, x.fill(fmt.Sprintf(`{apiVersion: %s, kind: %s, metadata: {name: "%s", namespace: %s}, spec: %s}`,
			first(group, "networking.istio.io/v1"), kind, name, namespace, spec)))
	}
}

func innerDelete(kind, namespace, name string) func(*testing.T, *inner) {
	return func(t *testing.T, x *inner) {
		t.Helper()
		x.kube(t, "delete", kind, name, "-n", x.fill(namespace))
	}
}

// notes puts annotations on the pods of db, or takes them off with nil, and waits for the new pod.
func notes(set map[string]string) func(*testing.T, *inner) {
	return func(t *testing.T, x *inner) {
		t.Helper()
		x.deploy(t, workload{namespace: x.namespace, name: "db", command: server, annotations: set})
		x.alone(t, "db")
	}
}

// alone waits until the old pods of a workload are gone.
func (x *inner) alone(t *testing.T, app string) {
	t.Helper()
	until(podTime, func() bool {
		return len(strings.Fields(x.kube(t, "get", "pods", "-n", x.namespace, "-l", "app="+app, "-o", "name"))) == 1
	})
}
