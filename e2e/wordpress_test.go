//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestWordpress tells scenario S4 with the real WordPress and the real MariaDB: the table before and after STRICT, a
// client outside that comes in through a NodePort and is told of before it is refused, probes of the kubelet that go
// on, a server-first protocol; and the same from YAML of Istio 1.4 by migrate.
func TestWordpress(t *testing.T) {
	x := newBlog(t)
	saved := x.before(t)
	objects := x.snapshot(t, x.namespace, false)

	t.Log("1. the preview tells of the NodePort, and of what speaks plaintext now")
	r := must(t, x.plugin(t, "enable", "strict", "-n", x.namespace, "--preview"), 1)
	for _, w := range []string{"entry from outside", "clients outside the cluster", "NodePort", x.nodePort, "plaintext seen"} {
		if !strings.Contains(r.out, w) {
			t.Errorf("the preview does not say %q: %s", w, r)
		}
	}

	t.Log("2. STRICT: the same table beside the one before; the outside client is refused, the blog and its probes go on")
	must(t, x.plugin(t, "enable", "strict", "-n", x.namespace), 0)
	x.strict(t, saved, "strict (PeerAuth)")
	must(t, x.plugin(t, "disable", "strict", "-n", x.namespace, "--yes"), 0)
	x.outsider(t, "after disable", true)
	if diff := cmp.Diff(objects, x.snapshot(t, x.namespace, false)); diff != "" {
		t.Errorf("disable does not put back what was:\n%s", diff)
	}

	t.Log("3. the Policy and the DestinationRule of that time, migrated")
	old := write(t, x.work+"/old.yaml", []byte(fmt.Sprintf(oldBlog, x.namespace)))
	out := must(t, x.plugin(t, "migrate", "-f", old), 0).out
	x.apply(t, out)
	x.strict(t, saved, "default (PeerAuth)", "default")
	x.kube(t, "delete", "peerauthentication,destinationrule", "default", "-n", x.namespace)
}

// oldBlog is what the articles of the time have people apply.
const oldBlog = `
apiVersion: authentication.istio.io/v1alpha1
kind: Policy
metadata: {name: default, namespace: %[1]s}
spec:
  peers:
  - mtls: {}
---
apiVersion: networking.istio.io/v1alpha3
kind: DestinationRule
metadata: {name: default, namespace: %[1]s}
spec:
  host: "*.%[1]s.svc.cluster.local"
  trafficPolicy:
    tls: {mode: ISTIO_MUTUAL}
`

// blog is WordPress and MariaDB in one namespace, with a client in the mesh.
type blog struct {
	*statusField
	node, nodePort string
}

// parts makes the unpacked programs usable in a pod.
const parts = `P=/opt/parts/usr; export LD_LIBRARY_PATH=$(echo $P/lib/*-linux-gnu):$(echo /opt/parts/lib/*-linux-gnu); `

const mariadbInPod = parts + `set -e; mkdir /run/data
$P/bin/mariadb-install-db --no-defaults --basedir=$P --datadir=/run/data --user=root --skip-test-db --auth-root-authentication-method=normal > /dev/null
cat > /run/init.sql <<'E'
CREATE DATABASE wordpress;
CREATE USER 'wp'@'%' IDENTIFIED BY '` + password + `';
GRANT ALL ON wordpress.* TO 'wp'@'%';
E
exec $P/sbin/mariadbd --no-defaults --basedir=$P --lc-messages-dir=$P/share/mysql --datadir=/run/data --user=root --port=3306 --socket=/run/s.sock --skip-name-resolve --init-file=/run/init.sql --innodb-buffer-pool-size=8M`

// wordpressInPod: health.php is what the probes ask, and asks the database through the sidecar.
const wordpressInPod = parts + `set -e; cp -rP $P/share/wordpress /run/site; cd /run/site; rm wp-config.php
cat > wp-config.php <<'E'
<?php
define('DB_NAME', 'wordpress'); define('DB_USER', 'wp'); define('DB_PASSWORD', '` + password + `'); define('DB_HOST', 'mariadb');
define('DB_CHARSET', 'utf8'); define('DB_COLLATE', ''); define('DISABLE_WP_CRON', true); define('WP_HTTP_BLOCK_EXTERNAL', true);
define('WP_HOME', 'http://' . $_SERVER['HTTP_HOST']); define('WP_SITEURL', WP_HOME);
$table_prefix = 'wp_';
if (!defined('ABSPATH')) define('ABSPATH', __DIR__ . '/');
require_once ABSPATH . 'wp-settings.php';
E
cat > health.php <<'E'
<?php
try { (new mysqli('mariadb', 'wp', '` + password + `', 'wordpress'))->query('SELECT 1'); echo 'healthy'; } catch (Throwable $e) { http_response_code(503); }
E
export PHP_CLI_SERVER_WORKERS=4
exec $P/bin/php8.2 -n -d extension_dir=$(echo $P/lib/php/2*) -d extension=mysqlnd -d extension=mysqli -S 0.0.0.0:8080 -t .`

func newBlog(t *testing.T) *blog {
	t.Helper()
	s := newSuite(t)
	needLab(t, s)
	if r := s.labRun(t, "build", "--with", "wordpress"); r.code != 0 {
		t.Fatalf("%s", r)
	}
	tree := strings.TrimSpace(s.labRun(t, "path", "wordpress").out)
	x := &blog{statusField: &statusField{suite: s, namespace: s.namespace(t, "blog", true)}}
	x.apply(t, fmt.Sprintf(`{apiVersion: v1, kind: Service, metadata: {name: mariadb, namespace: %[1]s}, spec: {selector: {app: mariadb}, ports: [{name: mysql, port: 3306}, {name: db, port: 13306, targetPort: 3306}]}}
---
{apiVersion: v1, kind: Service, metadata: {name: wordpress, namespace: %[1]s}, spec: {type: NodePort, selector: {app: wordpress}, ports: [{name: http, port: 80, targetPort: 8080}]}}`, x.namespace))
	with := func(w workload) workload {
		w.namespace, w.annotations = x.namespace, counted
		w.volumes, w.mounts = fmt.Sprintf("{name: parts, hostPath: {path: %q}}", tree), "{name: parts, mountPath: /opt/parts, readOnly: true}"
		return w
	}
	probe := "{httpGet: {path: /health.php, port: 8080}, periodSeconds: 2, timeoutSeconds: 5, failureThreshold: 3}"
	s.deploy(t, with(workload{name: "mariadb", command: mariadbInPod}),
		with(workload{name: "wordpress", command: wordpressInPod, more: "readinessProbe: " + probe + ", livenessProbe: {httpGet: {path: /readme.html, port: 8080}, periodSeconds: 3, timeoutSeconds: 5, failureThreshold: 10}"}),
		with(workload{name: "web"}))
	x.node = s.kube(t, "get", "nodes", "-o", "jsonpath={.items[0].status.addresses[?(@.type=='InternalIP')].address}")
	x.nodePort = s.kube(t, "get", "service", "wordpress", "-n", x.namespace, "-o", "jsonpath={.spec.ports[0].nodePort}")
	x.install(t)
	return x
}

// fromOutside calls the NodePort as a client beside the cluster does.
func (x *blog) fromOutside(t *testing.T, path string, more ...string) result {
	t.Helper()
	return x.labRun(t, append([]string{"exec", x.lab, "--", "curl", "-s", "--max-time", "60", "http://" + x.node + ":" + x.nodePort + path}, more...)...)
}

// install carries out WordPress' own installation from outside, as a person would by browser.
func (x *blog) install(t *testing.T) {
	t.Helper()
	until(proxyTime, func() bool { // the node needs a moment to know the NodePort; a second installation changes nothing
		x.fromOutside(t, "/wp-admin/install.php?step=2", "-o", os.DevNull, "-d", "weblog_title=before+and+after", "-d", "user_name=admin", "-d", "admin_password="+password,
			"-d", "admin_password2="+password, "-d", "pw_weak=1", "-d", "admin_email=a@example.internal", "-d", "blog_public=0")
		return strings.Contains(x.fromOutside(t, "/?feed=rss2").out, title)
	})
	x.outsider(t, "installed", true)
}

const title = "<title>before and after</title>"

// outsider demands that the client outside reads the blog, or is reset.
func (x *blog) outsider(t *testing.T, when string, in bool) {
	t.Helper()
	var r result
	took, ok := until(proxyTime, func() bool {
		r = x.fromOutside(t, "/?feed=rss2")
		return in && strings.Contains(r.out, title) || !in && r.code == 56 && r.out == ""
	})
	if !ok {
		t.Fatalf("%s: want the blog to the outside client %t, after %s: %s", when, in, took, r)
	}
}

// works: from a sidecar the blog is read out of the database, and MariaDB, whose server speaks first, answers its own client.
func (x *blog) works(t *testing.T, when string) {
	t.Helper()
	at := []string{"exec", "-n", x.namespace, "deploy/web", "-c", "app", "--"}
	if r := x.try(t, append(at, "curl", "-sL", "--max-time", "30", "http://wordpress/?feed=rss2")...); !strings.Contains(r.out, title) {
		t.Errorf("%s: the blog from inside: %s", when, r)
	}
	if r := x.ask(t, 3306); strings.TrimSpace(r.out) != "before and after" {
		t.Errorf("%s: MariaDB from inside: %s", when, r)
	}
	pod := x.pod(t, x.namespace, "wordpress")
	state := x.kube(t, "get", "pod", pod, "-n", x.namespace, "-o", "jsonpath={.status.conditions[?(@.type=='Ready')].status} {.status.containerStatuses[?(@.name=='app')].restartCount}")
	if state != "True 0" {
		t.Errorf("%s: wordpress is (ready, restarts) %q: the probes fail", when, state)
	}
}

// ask reads the blog's name out of the database, by a client that waits for the server to begin.
func (x *blog) ask(t *testing.T, port int) result {
	t.Helper()
	return x.try(t, "exec", "-n", x.namespace, "deploy/web", "-c", "app", "--", "sh", "-c", parts+"exec $P/bin/mariadb --no-defaults --connect-timeout=5 -h mariadb -P "+fmt.Sprint(port)+" -u wp -p"+password+
		" wordpress -Ne \"select option_value from wp_options where option_name='blogname'\"")
}

// before saves the table: AUTO is resolved to mutual TLS, and the servers take plaintext besides.
func (x *blog) before(t *testing.T) string {
	t.Helper()
	x.works(t, "before")
	rows := x.want(t, "mariadb:3306", "OK", 0)
	for _, service := range []string{"mariadb:3306", "wordpress:80"} {
		if r := rows[service]; r.ServerAccepts != "PERMISSIVE" || r.ClientsSend != "mTLS 1 of 1" || r.Verdict != "OK" || r.Evidence != "exercised" {
			t.Errorf("before: %s", r)
		}
	}
	if r := rows["mariadb:13306"]; r.Verdict != "MAY CONFLICT" || !strings.Contains(strings.Join(r.Why, ""), "speaks first") || x.ask(t, 13306).code == 0 {
		t.Errorf("a port that declares no protocol, of a server that speaks first: %s", r)
	}
	saved := filepath.Join(x.work, "before.json")
	_, _, r := x.status(t)
	write(t, saved, []byte(r.out))
	return saved
}

// strict demands the table after, against the one before, and that everybody fares as it says.
func (x *blog) strict(t *testing.T, saved string, words ...string) {
	t.Helper()
	x.outsider(t, "strict", false)
	x.works(t, "strict")
	var rows map[string]statusRow
	if took, ok := until(proxyTime, func() bool {
		rows, _, _ = x.status(t, "--before", saved)
		return rows["mariadb:3306"].ServerAccepts == "STRICT" && rows["wordpress:80"].ServerAccepts == "STRICT"
	}); !ok {
		t.Fatalf("not STRICT after %s: %v", took, rows)
	}
	for service, r := range rows {
		if service == "mariadb:13306" {
			continue // told of before
		}
		if r.Before == nil || r.Before.ServerAccepts != "PERMISSIVE" || r.Verdict != "OK" || r.Evidence != "exercised" {
			t.Errorf("after: %s %s, before %+v", service, r, r.Before)
		}
	}
	until(7*time.Second, func() bool { return false }) // long enough for every probe to fail, had it not been rewritten
	x.works(t, "strict, some probes later")
	r := must(t, x.plugin(t, "status", "-n", x.namespace, "--from", "deploy/web", "--before", saved), 0)
	for _, w := range append(words, "BEFORE", "OK (PERMISSIVE)") {
		if !strings.Contains(r.out, w) {
			t.Errorf("the table does not say %q", w)
		}
	}
	must(t, x.plugin(t, "verify", "deploy/wordpress", "deploy/mariadb", "-n", x.namespace), 0)
	t.Logf("proves: the table before and after, and what becomes of everybody\n%s", r.out)
}
