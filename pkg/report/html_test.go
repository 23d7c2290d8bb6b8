package report

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// browser opens a page in headless Chromium and gives the document as it is then.
func browser(t *testing.T, page []byte) string {
	t.Helper()
	program := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil && program == "" {
			program = found
		}
	}
	if program == "" {
		t.Skip("no chromium is installed: the page was not opened in a browser")
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "page.html")
	if err := os.WriteFile(file, page, 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	args := []string{"--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
		"--host-resolver-rules=MAP * ~NOTFOUND", "--user-data-dir=" + filepath.Join(dir, "profile"), "--enable-logging=stderr", "--virtual-time-budget=2000", "--dump-dom", "file://" + file}
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.WaitDelay = time.Second
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s: %v\n%.2000s", program, err, errs.String())
	}
	for _, line := range strings.Split(errs.String(), "\n") {
		if strings.Contains(line, "CONSOLE") {
			t.Errorf("the browser complains: %s", line)
		}
	}
	return out.String()
}

// TestPageInBrowser: the policy in the page lets its own style and script in, the
// columns can be sorted, hostile names stay text, and all is there before the script has run.
func TestPageInBrowser(t *testing.T) {
	all := samples(t)
	doc := all["many"]
	doc.Targets = append(doc.Targets, all["hostile"].Targets...)
	page := printed(t, doc, FormatHTML)
	dom := browser(t, page)
	if n := strings.Count(dom, "<th scope=\"col\"><button>"); n == 0 || n != strings.Count(string(page), "<th ") {
		t.Errorf("%d columns can be sorted", n)
	}
	if strings.Contains(dom, "<img") || strings.Count(dom, "<script") != 1 {
		t.Error("a hostile name became markup")
	}
	if still := string(page); strings.Contains(still, "<button>") || !strings.Contains(still, "Upstreams meant to be TLS") || !strings.Contains(still, "kubectl mesh-tls explain MT006") {
		t.Error("what the server sends is not whole without the script")
	}

	// The page with a click on the first column, which its own policy would not let in.
	click := regexp.MustCompile(`<meta http-equiv="Content-Security-Policy"[^>]*>`).ReplaceAll(page, nil)
	click = bytes.Replace(click, []byte("</body>"), []byte(`<script>const b = document.querySelector("th button"); b.click()</script></body>`), 1)
	first := regexp.MustCompile(`(?s)<tbody>\s*<tr class="[a-z-]+"><td>([^<]*)</td>`)
	before, after := first.FindSubmatch(page), first.FindStringSubmatch(browser(t, click))
	if before == nil || after == nil || string(before[1]) == after[1] || !strings.Contains(after[1], "api.") {
		t.Errorf("sorted the first row is %q, before %q", after, before)
	}
}

// TestPageForAnAuditor: whoever gets the page alone finds by which CA servers are validated, with what to compare it by, what the
// levels of proof mean, from which cluster and versions it is, and what was not looked at.
func TestPageForAnAuditor(t *testing.T) {
	doc := document(unchanged)
	doc.Targets[0].Context = "lab-7"
	ca := doc.Targets[0].Upstreams[0].CACertificates[0]
	page := string(printed(t, doc, FormatHTML))
	for _, want := range []string{ca.Subject + ", issued by " + ca.Issuer + ", until " + ca.NotAfter + ", SHA-256 <code>" + ca.Fingerprint + "</code>", "counters show completed handshakes", "context lab-7, Istio 1.31.1, Envoy 1.39.3", "not seen: tls-counters: Istio does not export", doc.GeneratedAt} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q in:\n%s", want, page)
		}
	}
	for _, f := range []Format{FormatMarkdown, FormatGitHub, FormatJUnit, FormatSARIF} {
		if text := string(printed(t, doc, f)); !strings.Contains(text, "lab-7") || !strings.Contains(text, "1.39.3") || !strings.Contains(text, "not export them") || !strings.Contains(text, "kubectl-mesh-tls") {
			t.Errorf("%s does not say of which cluster and versions it is, and what was not seen:\n%s", f, text)
		}
	}
}
