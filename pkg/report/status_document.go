package report

// StatusKind names the document of `status`.
const StatusKind = "StatusReport"

// StatusReport is the answer of one `status`. Lists are never null.
type StatusReport struct {
	APIVersion  string      `json:"apiVersion"`
	Kind        string      `json:"kind"`
	GeneratedAt string      `json:"generatedAt"` // RFC 3339, UTC
	Tool        Tool        `json:"tool"`
	Outcome     Outcome     `json:"outcome"`
	ExitCode    int         `json:"exitCode"`
	Scope       StatusScope `json:"scope"`
	Summary     Counts      `json:"summary"` // of the rows
	Rows        []StatusRow `json:"rows"`
	ComparedTo  string      `json:"comparedTo"` // generatedAt of the saved report; empty without one
	Vanished    []StatusRow `json:"vanished"`   // rows of the saved report that are gone

	ComparedNotes []string `json:"comparedNotes"` // by what else than time the saved report differs: cluster, clients, what was asked

	Intents  []StatusIntent `json:"intents"`
	Changes  []StatusChange `json:"changes"`
	Errors   []StatusError  `json:"errors"`
	Missing  []Missing      `json:"missing"`
	Problems []string       `json:"problems"`

	WithoutSidecar StatusPlain `json:"withoutSidecar"` // clients of which no proxy tells
}

// StatusScope says what was looked at.
type StatusScope struct {
	Context    string   `json:"context"`
	Namespaces []string `json:"namespaces"` // empty: all
	Targets    []string `json:"targets"`    // the services asked for; empty: all of the namespaces
	From       []string `json:"from"`       // the clients asked for; empty: every sidecar of the namespaces
	Pods       int      `json:"pods"`       // running ones
	Proxies    int      `json:"proxies"`    // that were read
}

// StatusRow is one service, port and subset, or one external host and port.
type StatusRow struct {
	Host     string `json:"host"`
	Port     int    `json:"port"`
	Subset   string `json:"subset"`
	Service  string `json:"service"` // the Service or ServiceEntry
	External bool   `json:"external"`
	Protocol string `json:"protocol"` // as declared; empty: Istio guesses

	ServerAccepts string   `json:"serverAccepts"` // in words, of all pods
	ClientsSend   string   `json:"clientsSend"`   // in words, of all clients
	Policies      []string `json:"policies"`      // that say what the server accepts; empty: Istio's default
	Rules         []string `json:"rules"`         // that say what the clients send; empty: auto mTLS
	Evidence      string   `json:"evidence"`      // none, configured, ready, exercised, witnessed
	Verdict       string   `json:"verdict"`       // OK, PARTIAL, CONFLICT, MAY CONFLICT, PLAINTEXT, UNKNOWN, NOT JUDGED
	Outcome       Outcome  `json:"outcome"`
	Why           []string `json:"why"`
	Fix           string   `json:"fix"` // a command, or empty

	Servers []StatusServer `json:"servers"`
	Clients []StatusClient `json:"clients"`
	Before  *StatusBefore  `json:"before"` // null: not compared
}

// StatusServer is one pod behind the service.
type StatusServer struct {
	Pod        string `json:"pod"`  // namespace/name
	Port       int    `json:"port"` // of the container; 0: not known
	Mode       string `json:"mode"` // from its live filter chains; NONE: no sidecar
	Why        string `json:"why"`  // where the mode is NONE or UNKNOWN
	Policy     string `json:"policy"`
	PolicyMode string `json:"policyMode"` // what the policies say; empty: not read
}

// StatusClient is one sidecar that has a cluster for the row.
type StatusClient struct {
	Pod      string       `json:"pod"`   // namespace/name
	Asked    string       `json:"asked"` // AUTO, or the mode of the rule that wins; empty: not read
	Rule     string       `json:"rule"`
	Sends    []StatusSent `json:"sends"` // what really happens, by endpoint
	Evidence string       `json:"evidence"`
	Verdict  string       `json:"verdict"`
	Why      string       `json:"why"`
}

// StatusSent is what goes to a number of endpoints.
type StatusSent struct {
	What      string `json:"what"` // mTLS, TLS (MUTUAL), TLS (SIMPLE), plaintext, unknown
	Endpoints int    `json:"endpoints"`
}

// StatusBefore is the row in the saved report; verdict NEW where it was not there.
type StatusBefore struct {
	Verdict       string `json:"verdict"`
	ServerAccepts string `json:"serverAccepts"`
	ClientsSend   string `json:"clientsSend"`
}

// StatusIntent is one intent of this tool in the cluster.
type StatusIntent struct {
	Name      string `json:"name"`
	Namespace string `json:"namespace"`
	Recipe    string `json:"recipe"`
	About     string `json:"about"` // host and ports, or the workloads that it is for
}

// StatusChange is a change of this tool that was begun and not finished.
type StatusChange struct {
	Name      string `json:"name"`
	Namespace string `json:"namespace"`
	Since     string `json:"since"` // RFC 3339, UTC
	About     string `json:"about"`
	Next      string `json:"next"` // a command that finishes it or takes it back
}

// StatusError is a pod that could not be read: everything that it would tell is unknown.
type StatusError struct {
	Pod   string `json:"pod"`
	Error string `json:"error"`
}
