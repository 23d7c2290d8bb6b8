package istio

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"math/big"
	mathrand "math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
)

// newPair makes a certificate and its key.
func newPair(t *testing.T) (p Pair, fingerprint string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"client"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(der)
	return Pair{
		Cert: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		Key:  pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}),
	}, hex.EncodeToString(sum[:])
}

func bank(edit ...func(*intent.Intent)) intent.Intent {
	i := intent.Intent{
		Recipe: intent.RecipeMutual, Role: intent.RoleClient, Namespace: "client", Host: "bank.example.internal",
		Ports: []intent.Port{{Number: 80, Protocol: intent.ProtocolHTTP}},
	}
	pairPath(&i)
	for _, e := range edit {
		e(&i)
	}
	return i.Complete()
}

func entry(edit ...func(*intent.Intent)) intent.Intent {
	i := intent.Intent{
		Recipe: intent.RecipeMutual, Role: intent.RoleGateway, Namespace: "istio-ingress", Host: "bank.example.internal",
		Ports: []intent.Port{{Number: 80, Protocol: intent.ProtocolHTTP}}, Workload: map[string]string{"istio": "ingressgateway"},
		SANs: []string{"client.example.internal"}, Service: "helloworld.sample.svc.cluster.local", ServicePort: 5000,
	}
	for _, e := range edit {
		e(&i)
	}
	return i.Complete()
}

func pairPath(i *intent.Intent) {
	i.Mode, i.CA = intent.ModeUnset, intent.CA{Kind: intent.CAPath, Name: "/etc/bank/ca.crt"}
	i.Certificate = intent.KeyPair{Kind: intent.PairPath, Name: "/etc/bank/tls.crt", Key: "/etc/bank/tls.key"}
}

func pairSecret(i *intent.Intent) {
	i.Mode, i.Workload = intent.ModeUnset, map[string]string{"app": "client"}
	i.CA = intent.CA{Kind: intent.CASecret, Name: "pair"}
	i.Certificate = intent.KeyPair{Kind: intent.PairSecret, Name: "pair", ServiceAccounts: []string{"client", "other"}}
}

func inSubset(i *intent.Intent) { i.Subset = "tls-origination" }

// The objects of both ends, and of origination and egress with a client certificate.
func TestMutualGolden(t *testing.T) {
	pair, fingerprint := newPair(t)
	files := Options{NetworkingVersion: "v1", Istio: "1.30.2", CABundle: bundle(t), Pair: pair}
	for name, tt := range map[string]struct {
		i intent.Intent
		o Options
	}{
		"client-path":          {bank(), Options{NetworkingVersion: "v1"}},
		"client-subset":        {bank(inSubset), Options{NetworkingVersion: "v1"}},
		"client-secret":        {bank(pairSecret, inSubset), files},
		"client-existing":      {bank(pairSecret), Options{NetworkingVersion: "v1"}},
		"client-targetport":    {bank(func(i *intent.Intent) { i.Form = intent.FormTargetPort }), Options{NetworkingVersion: "v1"}},
		"gateway":              {entry(), files},
		"gateway-any-existing": {entry(func(i *intent.Intent) { i.SANs, i.AnyClient, i.Ports, i.TLSPort = nil, true, nil, 8443 }), Options{NetworkingVersion: "v1beta1"}},
		"origination-secret":   {redis(pairSecret), files},
		"origination-path":     {redis(pairPath), Options{NetworkingVersion: "v1"}},
		"wildcard": {redis(ca(intent.CASystem, ""), func(i *intent.Intent) {
			i.Host, i.Ports = "*.example.internal", []intent.Port{{Number: 8080, Protocol: intent.ProtocolHTTP}}
		}), Options{NetworkingVersion: "v1", Istio: "1.30.2"}},
	} {
		t.Run(name, func(t *testing.T) {
			plan, err := Build(tt.i, tt.o)
			if err != nil {
				t.Fatal(err)
			}
			for n, u := range plan.Objects {
				plan.Objects[n] = WithoutKeys(u)
			}
			got := text(t, plan)
			got = bytes.ReplaceAll(got, []byte(base64.StdEncoding.EncodeToString(pair.Cert)), []byte("CERTIFICATE"))
			got = bytes.ReplaceAll(got, []byte(fingerprint), []byte("FINGERPRINT"))
			golden(t, filepath.Join("testdata", "mutual", name+".yaml"), got)
		})
	}
}

// What is written reads back as the same intent, and the rule asks for mutual TLS at
// the very cluster that the calls are led to, and at no other.
func TestMutualReadsBack(t *testing.T) {
	for seed := range uint64(generated) {
		r := mathrand.New(mathrand.NewPCG(seed, 4))
		i := anyMutual(r)
		plan, err := Build(i, Options{NetworkingVersion: networkingVersions[seed%3]})
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		got, err := Intents(plan.Objects)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if diff := cmp.Diff([]intent.Intent{i}, got); diff != "" {
			t.Fatalf("seed %d: %s", seed, diff)
		}
		c, err := Config(plan.Objects, "istio-system")
		if err != nil || c.Problems != nil {
			t.Fatalf("seed %d: %v %q", seed, err, c.Problems)
		}
		client := facts.Client{Namespace: i.Namespace, Labels: map[string]string{}}
		for k, v := range i.Workload {
			client.Labels[k] = v
		}
		for _, port := range i.TLSPorts() {
			d := c.Effective(client, i.Host, port, i.Subset)
			if !d.Found || d.Rule.Mode != "MUTUAL" || d.Rule.Cert+d.Rule.CredName != i.Certificate.Name {
				t.Fatalf("seed %d: port %d subset %q: %+v", seed, port, i.Subset, d)
			}
			if d := c.Effective(client, i.Host, port, ""); i.Subset != "" && d.Rule.HasTLS {
				t.Fatalf("seed %d: TLS outside the subset: %+v", seed, d)
			}
		}
		if i.AtGateway() && len(c.Rules)+len(c.Services) > 0 {
			t.Fatalf("seed %d: a gateway's end has rules: %+v", seed, c)
		}
	}
}

// anyMutual makes a valid intent with a certificate: of origination, of egress, or of
// one of the two ends.
func anyMutual(r *mathrand.Rand) intent.Intent {
	i := anyIntent(r)
	i.Name, i.ExportTo, i.CA.Fingerprints = "", nil, nil
	switch r.IntN(4) {
	case 0:
		return entry(func(g *intent.Intent) {
			g.Host, g.TLSPort, g.AnyClient = i.Host, []int{0, 8443}[r.IntN(2)], r.IntN(2) == 0
			if g.SANs = i.SANs; g.AnyClient {
				g.SANs = nil
			} else if len(i.SANs) == 0 {
				g.SANs = []string{"a.b"}
			}
			g.Ports = g.Ports[:r.IntN(2)]
			if len(g.Ports) == 0 {
				g.Ports = nil
			}
		})
	case 1, 2:
		i = anyEgress(r)
		i.ExportTo = nil
		if i.Form == intent.FormVirtualService && r.IntN(2) == 0 {
			inSubset(&i)
		}
		if r.IntN(2) == 0 {
			i.Recipe, i.Role = intent.RecipeMutual, intent.RoleClient
		}
	}
	if pairPath(&i); i.Form != intent.FormTargetPort && r.IntN(2) == 0 {
		pairSecret(&i)
		i.Certificate.ServiceAccounts = some(r, "a", "b")
		i.CA.Fingerprints = some(r, strings.Repeat("0a", 32))
		i.Certificate.Fingerprint = []string{"", strings.Repeat("0b", 32)}[r.IntN(2)]
	}
	return i.Complete()
}

// Keys stay where they belong: no note, no error and no printable object shows one.
func TestPairIsNotShown(t *testing.T) {
	pair, _ := newPair(t)
	other, _ := newPair(t)
	secret := base64.StdEncoding.EncodeToString(pair.Key)
	plan, err := Build(bank(pairSecret), Options{NetworkingVersion: "v1", Pair: pair})
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for _, u := range plan.Objects {
		raw, err := u.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		found = found || bytes.Contains(raw, []byte(secret))
		shown, err := WithoutKeys(u).MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(shown, []byte(secret)) {
			t.Errorf("%s shows the key", u.GetKind())
		}
	}
	if !found {
		t.Error("the key is in no object: nothing was tested")
	}
	if got := WithoutKeys(object(t, "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData: {password: x, tls.crt: z}")); got.Object["stringData"].(map[string]any)["password"] == "x" || got.Object["stringData"].(map[string]any)["tls.crt"] != "z" {
		t.Errorf("%v", got.Object)
	}
	for name, tt := range map[string]struct {
		i    intent.Intent
		p    Pair
		want string
	}{
		"another key":     {bank(pairSecret), Pair{Cert: pair.Cert, Key: other.Key}, "does not fit"},
		"no PEM":          {bank(pairSecret), Pair{Cert: pair.Cert, Key: []byte("secret words")}, "no PEM"},
		"for files":       {bank(), pair, "does not use them"},
		"another print":   {bank(pairSecret, func(i *intent.Intent) { i.Certificate.Fingerprint = strings.Repeat("00", 32) }), pair, "fingerprint"},
		"the key is none": {bank(pairSecret), Pair{Cert: pair.Cert}, "does not fit"},
	} {
		plan, err := Build(tt.i, Options{NetworkingVersion: "v1", Pair: tt.p})
		if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "secret words") || plan.Objects != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A wildcard is refused where Istio would check no name.
func TestWildcardRelease(t *testing.T) {
	i := redis(ca(intent.CASystem, ""), func(i *intent.Intent) {
		i.Host, i.Ports = "*.example.internal", []intent.Port{{Number: 8080, Protocol: intent.ProtocolHTTP}}
	})
	if _, err := Build(i, Options{NetworkingVersion: "v1beta1", Istio: "1.20.8"}); err == nil || !strings.Contains(err.Error(), "each host by its name") {
		t.Errorf("want a refusal, got %v", err)
	}
}

// A Gateway of somebody else for the same host, port and pods is named; others are not.
func TestForeignGateways(t *testing.T) {
	gateway := func(ns, labels, host, port string) *unstructured.Unstructured {
		return object(t, "apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {name: g, namespace: "+ns+"}\nspec: {selector: {"+labels+"}, servers: [{port: {number: "+port+"}, hosts: ['"+host+"']}]}")
	}
	own, err := Build(entry(), Options{NetworkingVersion: "v1"})
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		u    *unstructured.Unstructured
		want int
	}{
		"same":          {gateway("a", "istio: ingressgateway", "bank.example.internal", "443"), 1},
		"in namespace":  {gateway("a", "istio: ingressgateway", "b/Bank.example.internal", "443"), 1},
		"another host":  {gateway("a", "istio: ingressgateway", "*.example.internal", "443"), 0},
		"another port":  {gateway("a", "istio: ingressgateway", "bank.example.internal", "80"), 0},
		"another pod":   {gateway("a", "istio: egressgateway", "bank.example.internal", "443"), 0},
		"more labels":   {gateway("a", "app: x", "bank.example.internal", "443"), 1},
		"our own":       {own.Objects[0], 0},
		"no servers":    {object(t, "apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {name: g}\nspec: {servers: 1}"), 0},
		"Gateway API's": {object(t, "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: g}\nspec: {}"), 0},
	} {
		if got := len(ForeignGateways([]*unstructured.Unstructured{tt.u}, entry())); got != tt.want {
			t.Errorf("%s: %d, want %d", name, got, tt.want)
		}
	}
}

// Subsets of a rule that is taken over stay beside ours.
func TestJoinKeepsSubsets(t *testing.T) {
	live := object(t, `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: theirs, namespace: client}
spec:
  host: bank.example.internal
  subsets: [{name: v1, labels: {version: v1}}, {name: tls-origination, labels: {a: b}}]
`)
	plan, err := Build(bank(inSubset), Options{NetworkingVersion: "v1"})
	if err != nil {
		t.Fatal(err)
	}
	if err := Join(&plan, []*unstructured.Unstructured{live}); err != nil {
		t.Fatal(err)
	}
	subsets, _, _ := unstructured.NestedSlice(plan.Objects[1].Object, "spec", "subsets")
	if len(subsets) != 2 || subsets[0].(map[string]any)["trafficPolicy"] == nil || subsets[1].(map[string]any)["name"] != "v1" {
		t.Errorf("%v", subsets)
	}
}

// Who may not look at Roles can still list the rest of what a recipe made.
func TestWithoutAccess(t *testing.T) {
	all := OwnedKinds("v1", "v1")
	some := WithoutAccess(all)
	if len(some) != len(all)-2 {
		t.Errorf("%d of %d kinds", len(some), len(all))
	}
	for _, k := range some {
		if k.Group == GroupRBAC {
			t.Errorf("%s is left", k.Kind)
		}
	}
	have := map[string]bool{}
	for _, k := range all {
		have[k.Kind] = true
	}
	pair, _ := newPair(t)
	for _, i := range []intent.Intent{bank(pairSecret), entry(), redis(), web(byRoute)} {
		o := Options{NetworkingVersion: "v1"}
		if i.Certificate.Kind == intent.PairSecret {
			o.Pair = pair
		}
		plan, err := Build(i, o)
		if err != nil {
			t.Fatal(err)
		}
		for _, u := range plan.Objects {
			if !have[u.GetKind()] {
				t.Errorf("disable would leave the %s of recipe %s", u.GetKind(), i.Recipe)
			}
		}
	}
}
