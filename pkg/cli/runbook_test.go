package cli

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericclioptions"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/check"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/conflict"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/runbook"
)

// TestEveryCheckHasARunbook, every conflict too, and every runbook has one of them: an id that a report shows
// must lead somewhere.
func TestEveryCheckHasARunbook(t *testing.T) {
	known := check.Retired()
	for _, c := range check.All() {
		known = append(known, c.ID)
		if _, ok := runbook.Find(c.ID); !ok {
			t.Errorf("%s %s has no runbook: write pkg/runbook/texts/%s.md", c.ID, c.Name, c.ID)
		}
	}
	for _, c := range conflict.All() {
		if slices.Contains(known, c.ID) {
			t.Errorf("%s is the id of a check, and of the conflict %s too", c.ID, c.Name)
		}
		known = append(known, c.ID)
		if _, ok := runbook.Find(c.ID); !ok {
			t.Errorf("%s %s has no runbook: write pkg/runbook/texts/%s.md", c.ID, c.Name, c.ID)
		}
	}
	for _, p := range runbook.All() {
		if !slices.Contains(known, p.ID) {
			t.Errorf("the runbook %s belongs to no check", p.ID)
		}
	}
}

// TestRunbookCommandsParse: each command of this plugin that a text shows names a
// command, flags and arguments that there are.
func TestRunbookCommandsParse(t *testing.T) {
	n := 0
	for _, p := range runbook.All() {
		for _, line := range ourCommands(p.Text) {
			n++
			if err := parses(shellWords(line)[2:]); err != nil {
				t.Errorf("%s: %s\n%v", p.ID, line, err)
			}
		}
	}
	if n < 2*len(check.All())+len(conflict.All()) {
		t.Errorf("only %d commands were found in %d runbooks: is the search for them right?", n, len(runbook.All()))
	}
}

// TestParsesRefuses keeps the test above from accepting everything.
func TestParsesRefuses(t *testing.T) {
	for _, line := range []string{
		"kubectl mesh-tls verfy deploy/x", "kubectl mesh-tls verify deploy/x --nonsense", "kubectl mesh-tls verify deploy/x --warn-days soon",
		"kubectl mesh-tls enable origination", "kubectl mesh-tls disable a b", "kubectl mesh-tls enable nothing x:1", "kubectl mesh-tls version 2",
	} {
		if parses(shellWords(line)[2:]) == nil {
			t.Errorf("%s was accepted", line)
		}
	}
}

// parses goes as far as cobra does before it runs a command.
func parses(args []string) error {
	d := &deps{kube: genericclioptions.NewConfigFlags(true), now: time.Now, version: "test"}
	c, rest, err := newRoot(d).Find(args)
	if err != nil {
		return err
	}
	if err := c.ParseFlags(rest); err != nil {
		return err
	}
	left := c.Flags().Args()
	if err := c.ValidateArgs(left); err != nil {
		return err
	}
	return cobra.NoArgs(c, map[bool][]string{true: left}[c.HasSubCommands()])
}

// TestRunbookCommandsAreGoodUsage runs them against an API server that is not
// there: what fails may be the cluster, never the values that were given.
func TestRunbookCommandsAreGoodUsage(t *testing.T) {
	dir := t.TempDir()
	config := "apiVersion: v1\nkind: Config\ncurrent-context: c\nclusters: [{name: c, cluster: {server: 'http://127.0.0.1:1'}}]\ncontexts: [{name: c, context: {cluster: c, user: u}}]\nusers: [{name: u, user: {}}]\n"
	for name, data := range map[string][]byte{"kubeconfig": []byte(config), "ca.pem": someCA(t)} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
	t.Setenv("KUBECONFIG", filepath.Join(dir, "kubeconfig"))
	seen := map[string]bool{}
	for _, p := range runbook.All() {
		for _, line := range ourCommands(p.Text) {
			if seen[line] {
				continue
			}
			seen[line] = true
			var out, errs bytes.Buffer
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			Run(ctx, Streams{In: strings.NewReader(""), Out: &out, Err: &errs}, "test", shellWords(line)[2:])
			cancel()
			if strings.Contains(errs.String(), "see: kubectl mesh-tls") {
				t.Errorf("%s: %s\n%s", p.ID, line, errs.String())
			}
		}
	}
}

// TestExplainEchoesSafely: what was asked for comes back in the error; a terminal
// must not obey it.
func TestExplainEchoesSafely(t *testing.T) {
	var out, errs bytes.Buffer
	code := Run(t.Context(), Streams{In: strings.NewReader(""), Out: &out, Err: &errs}, "test", []string{"explain", "frobnicated\x1b[31m"})
	if code != codeUnknown || out.Len() > 0 || strings.Contains(errs.String(), "\x1b") || !strings.Contains(errs.String(), `frobnicated\x1b`) {
		t.Errorf("exit code %d, stdout %q, stderr %q", code, out.String(), errs.String())
	}
}

func someCA(t *testing.T) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "some-ca"}, NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

// ourCommands finds the commands of this plugin in code blocks and in the text.
func ourCommands(markdown string) []string {
	var out []string
	for _, m := range regexp.MustCompile("(?m)^kubectl mesh-tls.*$|`kubectl mesh-tls[^`]*`").FindAllString(markdown, -1) {
		out = append(out, strings.Trim(m, "`"))
	}
	return out
}

// shellWords splits a line as a shell does, as far as runbooks go: blanks, single
// and double quotes; a pipe or a redirection ends it.
func shellWords(line string) []string {
	var out []string
	word, quote, open := "", rune(0), false
	for _, r := range line + " " {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote == 0 && (r == '\'' || r == '"'):
			quote, open = r, true
		case quote != 0:
			word += string(r)
		case strings.ContainsRune("|<>#;", r):
			return out
		case r == ' ':
			if word != "" || open {
				out = append(out, word)
			}
			word, open = "", false
		default:
			word += string(r)
		}
	}
	return out
}

func TestShellWords(t *testing.T) {
	got := shellWords(`kubectl mesh-tls explain "a b" 'c "d"' '' x=y | grep z`)
	if diff := cmp.Diff([]string{"kubectl", "mesh-tls", "explain", "a b", `c "d"`, "", "x=y"}, got); diff != "" {
		t.Error(diff)
	}
}
