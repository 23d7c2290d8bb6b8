package facts

// Client is the workload on whose behalf a rule is looked up.
type Client struct {
	Namespace string
	Labels    map[string]string // of the pod
}

// Decision is the DestinationRule setting that wins for a client, and why each
// other rule of the host does not count.
type Decision struct {
	Found    bool
	Rule     Rule // the effective setting; HasTLS may be false
	Rejected []Rejected
	Unsure   string // why the answer may be wrong, e.g. the pod's labels are not known; "" when it is sure
}

// Rejected is a rule of the host that has no effect here.
type Rejected struct {
	Rule   Rule
	Reason Reason
	Why    string // a sentence with the names in it
}

// Reason is the class of a rejection; the zero value is unknown.
type Reason string

// Reasons: the rule's namespace is neither the client's, the service's nor the
// root; exportTo hides it; its workloadSelector names other pods; it is about
// another subset or port; Istio itself says that it does not use it; another rule wins.
const (
	ReasonUnknown   Reason = ""
	ReasonNamespace Reason = "namespace"
	ReasonExportTo  Reason = "export-to"
	ReasonSelector  Reason = "selector"
	ReasonSubset    Reason = "subset"
	ReasonPort      Reason = "port"
	ReasonUnused    Reason = "unused"
	ReasonOther     Reason = "other-rule"
)

// Hidden tells whether the client does not see the rule although it may have
// been written for it.
func (r Reason) Hidden() bool { return r == ReasonNamespace || r == ReasonExportTo }
