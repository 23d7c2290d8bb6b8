package facts

import "time"

// Handshake is one real TLS conversation with an upstream, from the network of
// the pod, with the parameters of its sidecar. The peer's certificates are
// recorded, not judged.
type Handshake struct {
	Cluster   string
	Address   string // what was dialled
	SNI       string
	At        time.Time
	Version   string // TLS 1.3
	Cipher    string
	Chain     []Certificate // as the server sent it, leaf first
	AsksCert  bool          // the server sent a CertificateRequest
	AsksFor   []string      // subjects of the CAs whose client certificates it takes; none: it does not say
	Failure   Failure       // FailureNone when the handshake came as far as the server's certificate
	ErrorText string        // what the TLS library or the network said
}

// Failure is the class of a failed conversation.
type Failure string

// Failures: could not connect; the peer does not speak TLS; the peer refused
// with an alert; it closed or never answered.
const (
	FailureNone     Failure = ""
	FailureConnect  Failure = "connect"
	FailureNotTLS   Failure = "not-tls"
	FailureAlert    Failure = "alert"
	FailureClosed   Failure = "closed"
	FailureTimeout  Failure = "timeout"
	FailureInternal Failure = "internal"
)
