// Package report turns findings into a document and prints it: as a table, as a
// wide table, as data, for CI systems and scanners, as a page. The document has a version and types of its own,
// so that the checks can change without breaking who reads reports. The package
// looks nothing up, does not judge, and does not ask for the time; it is the only
// one that knows colors.
package report

// APIVersion and Kind name the format of the document.
const (
	APIVersion = "mesh-tls.io/v1alpha1"
	Kind       = "VerifyReport"
)

// Report is the answer of one `verify`. Lists are never null.
type Report struct {
	APIVersion  string         `json:"apiVersion"`
	Kind        string         `json:"kind"`
	GeneratedAt string         `json:"generatedAt"` // RFC 3339, UTC
	Tool        Tool           `json:"tool"`
	Outcome     Outcome        `json:"outcome"`
	ExitCode    int            `json:"exitCode"`
	FailOn      []string       `json:"failOn"` // the outcomes that make the exit code 1: fail, warn, unknown
	Summary     Summary        `json:"summary"`
	Targets     []TargetReport `json:"targets"`
	Baseline    *Baseline      `json:"baseline,omitempty"` // only where one was given
}

// Tool is the program that made the report.
type Tool struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

// Summary counts targets and the upstreams of all targets by outcome.
type Summary struct {
	Targets   Counts `json:"targets"`
	Upstreams Counts `json:"upstreams"`
}

// Counts are numbers by outcome.
type Counts struct {
	Total     int `json:"total"`
	OK        int `json:"ok"`
	Warn      int `json:"warn"`
	Fail      int `json:"fail"`
	Unknown   int `json:"unknown"`
	NotJudged int `json:"notJudged"`
}

// TargetReport is what was seen of one proxy.
type TargetReport struct {
	Context   string     `json:"context"`
	Namespace string     `json:"namespace"`
	Pod       string     `json:"pod"`
	Source    string     `json:"source"` // of a saved dump; empty for a live proxy
	Envoy     string     `json:"envoy"`
	Istio     string     `json:"istio"`
	Outcome   Outcome    `json:"outcome"`
	Error     string     `json:"error"` // why the target could not be read; then nothing else is there
	Upstreams []Upstream `json:"upstreams"`
	Inbound   []Inbound  `json:"inbound"`
	Secrets   []Secret   `json:"secrets"`
	Findings  []Finding  `json:"findings"`
	Missing   []Missing  `json:"missing"`
	NotRun    []NotRun   `json:"notRun"`
	Traffic   *Traffic   `json:"traffic,omitempty"` // only where it was watched
	Problems  []string   `json:"problems"`          // parts of the answers that could not be understood
}

// Upstream is one cluster of the proxy, or one that should be there (state
// "absent"). For transport "per-endpoint" the TLS fields describe the first TLS
// socket among the matches.
type Upstream struct {
	Cluster    string   `json:"cluster"`
	Transport  string   `json:"transport"` // tls, plaintext, per-endpoint, unknown, other:TYPEURL
	CA         string   `json:"ca"`        // in effect: none, inline, file:PATH, sds:NAME, spiffe
	SNI        string   `json:"sni"`
	SANs       []string `json:"sans"` // in the order of the proxy
	ClientCert string   `json:"clientCert"`
	Evidence   string   `json:"evidence"` // none, configured, ready, exercised, witnessed
	Outcome    Outcome  `json:"outcome"`

	Host           string        `json:"host"`
	Port           int           `json:"port"` // 0: none in the cluster's name
	Subset         string        `json:"subset"`
	State          string        `json:"state"`        // active, warming, static, absent, unknown
	NewerWarming   bool          `json:"newerWarming"` // a newer version of the cluster waits
	Protocol       string        `json:"protocol"`     // http, tcp, mixed, unknown
	Mode           string        `json:"mode"`         // SIMPLE, MUTUAL, ISTIO_MUTUAL; empty where there is no TLS
	Meant          bool          `json:"meant"`        // somebody wants TLS here
	Why            string        `json:"why"`          // who
	Rule           string        `json:"rule"`         // the object that made it
	NameChecked    string        `json:"nameChecked"`  // yes, no, unknown
	NameCheckedHow string        `json:"nameCheckedHow"`
	SNISent        string        `json:"sniSent"` // yes, no, unknown
	MinTLS         string        `json:"minTLS"`  // empty: Envoy's default
	MaxTLS         string        `json:"maxTLS"`
	Endpoints      *Endpoints    `json:"endpoints"`  // null: not known
	Handshakes     *Handshakes   `json:"handshakes"` // null: not known, which is not zero
	CACertificates []Certificate `json:"caCertificates"`
}

// Endpoints counts the endpoints of an upstream by the socket that they get.
type Endpoints struct {
	Total     int `json:"total"`
	TLS       int `json:"tls"`
	Plaintext int `json:"plaintext"`
	Other     int `json:"other"`
	Unknown   int `json:"unknown"`
}

// Handshakes counts TLS handshakes; Completed is a lower bound.
type Handshakes struct {
	Completed uint64 `json:"completed"`
	Failed    uint64 `json:"failed"`
}

// Certificate is a certificate in short.
type Certificate struct {
	Subject     string `json:"subject"`
	Issuer      string `json:"issuer"`
	NotAfter    string `json:"notAfter"`    // RFC 3339, UTC
	Fingerprint string `json:"fingerprint"` // SHA-256 of the DER, lower-case hex
}

// Inbound is one port that the proxy accepts connections on; port 0 stands for
// every port without filter chains of its own.
type Inbound struct {
	Port     int    `json:"port"`
	Mode     string `json:"mode"`
	Listener string `json:"listener"`
	Gateway  bool   `json:"gateway"`
}

// Secret is one secret as the proxy holds it: never its key.
type Secret struct {
	Name         string        `json:"name"`
	State        string        `json:"state"` // active, warming, static, unknown
	Updated      string        `json:"updated"`
	Problem      string        `json:"problem"`
	Certificates []Certificate `json:"certificates"` // the chain, or the trusted CAs
}

// Finding is the result of one check. Cluster is empty for the proxy as a whole.
type Finding struct {
	ID       string  `json:"id"`
	Name     string  `json:"name"`
	Outcome  Outcome `json:"outcome"`
	Cluster  string  `json:"cluster"`
	Endpoint string  `json:"endpoint"`
	Object   string  `json:"object"`
	Summary  string  `json:"summary"`
	Got      string  `json:"got"`
	Want     string  `json:"want"`
	Fix      string  `json:"fix"`

	Document *Place    `json:"document,omitempty"` // the intent that asks for it, where intents were read from files
	Accepted *Accepted `json:"accepted,omitempty"` // only where an entry of the baseline covers it
}

// Place is where something stands in a file that the report was asked about.
type Place struct {
	File string `json:"file"` // as it was named
	Line int    `json:"line"` // from 1
}

// Missing is a fact that could not be had.
type Missing struct {
	Fact string `json:"fact"`
	Why  string `json:"why"`
}

// NotRun is a check that had nothing to look at.
type NotRun struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Why  string `json:"why"`
}
