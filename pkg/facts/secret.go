package facts

import "time"

// Secret is one SDS or static secret as Envoy holds it. It never holds a key.
type Secret struct {
	Name    string
	State   State
	Version string
	Updated time.Time

	Chain      []Certificate // tls_certificate.certificate_chain, leaf first
	Validation *Validation   // validation_context; nil when the secret is none
	Empty      bool          // the secret has no content yet (uninitialized)
	Other      bool          // its content is neither a certificate nor a validation context: no TLS context can use it
	Problem    string        // content that does not parse, in plain words
	NotHeld    bool          // it was delivered, and no TLS context holds its certificate: the proxy refused it; false: it does, or nobody knows
}

// SecretState gives the state that counts for traffic: active or static if any
// secret of the name is delivered, warming if one only waits, "" if none is known.
// A context with two providers of one name is usable only if both are there, so
// a single warming one makes the name warming. An entry without content proves no
// delivery, whatever section it stands in.
func (p *Proxy) SecretState(name string) State {
	state := State("")
	for _, s := range p.Secret(name) {
		switch {
		case s.State == StateWarming:
			return StateWarming
		case !s.Empty:
			state = s.State
		}
	}
	return state
}
