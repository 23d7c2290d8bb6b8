package facts

// Evidence is how far a claim about an upstream is proven; each level includes
// the ones before it.
type Evidence int

// Levels: Configured (the cluster says so), Ready (every secret delivered, no
// newer version waiting), Exercised (counters show completed handshakes),
// Witnessed (seen on the wire).
const (
	EvidenceNone Evidence = iota
	EvidenceConfigured
	EvidenceReady
	EvidenceExercised
	EvidenceWitnessed
)

// String gives the level's name.
func (e Evidence) String() string {
	return [...]string{"none", "configured", "ready", "exercised", "witnessed"}[e]
}
