package envoy

import (
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// elementMember says what a member of a section's entry holds.
type elementMember struct {
	part part
	into func(*walker, jsontext.Value, *element) error
	walk func(*walker) error // for what is too large to be read as a whole
}

// elementMembers are the members of StaticCluster, DynamicCluster,
// DynamicListener and their like that carry content.
var elementMembers = map[string]elementMember{
	"cluster":        {part: partClusters, into: (*walker).readCluster},
	"endpointconfig": {part: partEndpoints, into: (*walker).readEndpoints},
	"listener":       {part: partListeners, into: (*walker).readListener},
	"activestate":    {part: partListeners, into: (*walker).readActiveListener},
	"warmingstate":   {part: partListeners, into: (*walker).readWarmingListener},
	"errorstate":     {part: partListeners, into: (*walker).readRejected},
	"routeconfig":    {part: partRoutes, walk: (*walker).walkRoutes},
	"secret":         {part: partSecrets, into: (*walker).readSecret},
	"bootstrap":      {part: partBootstrap, into: (*walker).readBootstrap},
}

func (w *walker) readCluster(raw jsontext.Value, e *element) error {
	w.parts |= partClusters
	e.upstream = w.c.cluster(raw, e.state)
	return nil
}

func (w *walker) readEndpoints(raw jsontext.Value, _ *element) error {
	w.parts |= partEndpoints
	return w.c.endpoints(raw)
}

func (w *walker) readListener(raw jsontext.Value, e *element) error {
	w.parts |= partListeners
	e.listener = w.c.listener(raw, e.state)
	return nil
}

type wireListenerState struct {
	Listener jsontext.Value `json:"listener"`
}

func (w *walker) readActiveListener(raw jsontext.Value, e *element) error {
	return w.readListenerState(raw, e, facts.StateActive)
}

func (w *walker) readListenerState(raw jsontext.Value, e *element, state facts.State) error {
	w.parts |= partListeners
	s, err := decode[wireListenerState](raw)
	if err != nil || !given(s.Listener) {
		w.c.problem("a listener could not be decoded")
		w.c.unreadListener(e.name, "a listener could not be decoded")
		return nil
	}
	e.listener = w.c.listener(s.Listener, state)
	return nil
}

// readWarmingListener counts only where nothing is active yet: before the
// workers start every listener is warming.
func (w *walker) readWarmingListener(raw jsontext.Value, e *element) error {
	if e.listener != nil {
		return nil
	}
	return w.readListenerState(raw, e, facts.StateWarming)
}

type wireErrorState struct {
	At      string    `json:"last_update_attempt"`
	Details string    `json:"details"`
	Failed  wireNamed `json:"failed_configuration"`
}

// readRejected keeps why a listener was refused. Of the reason only the first
// line counts: the rest prints the configuration, which may hold keys.
func (w *walker) readRejected(raw jsontext.Value, e *element) error {
	w.parts |= partListeners
	s, err := decode[wireErrorState](raw)
	if err != nil {
		w.c.problem("the error state of a listener could not be decoded: " + wrongPart(err).Error())
		return nil
	}
	why := strings.TrimSpace(upTo(upTo(s.Details, '\n'), '{'))
	e.rejected = &facts.Rejection{Listener: short(s.Failed.Name), Why: short(why), At: at(s.At)}
	return nil
}

func (w *walker) readRoutes(raw jsontext.Value, _ *element) error {
	w.parts |= partRoutes
	_, _ = w.c.routes(raw) // told as a problem
	return nil
}

func (w *walker) readSecret(raw jsontext.Value, e *element) error {
	w.parts |= partSecrets
	e.secret = raw.Clone() // name and version may follow
	return nil
}

func (w *walker) readBootstrap(raw jsontext.Value, _ *element) error {
	w.parts |= partBootstrap
	w.c.readBootstrap(raw)
	return nil
}

// loose classifies an element that stands in a list at the top by the members
// it has: istioctl prints clusters, listeners, routes and endpoints that way.
func (c *collector) loose(raw jsontext.Value, w *walker) error {
	has, err := decode[map[string]jsontext.Value](raw)
	if err != nil {
		c.problem("a list entry could not be decoded: " + wrongPart(err).Error())
		return nil
	}
	names := map[string]bool{}
	for name := range has {
		names[plain(name)] = true
	}
	for name := range names {
		_, isSection := sections[name]
		m, isElement := elementMembers[name]
		if isSection || name == "configs" || isElement && m.part != 0 && !names["hoststatuses"] {
			return w.again(raw)
		}
	}
	e := &element{state: facts.StateActive}
	switch {
	case names["hoststatuses"]:
		return c.hostStatus(raw)
	case names["filterchains"], names["defaultfilterchain"], names["listenerfilters"]:
		return w.then(w.readListener(raw, e), e)
	case names["virtualhosts"]:
		return w.readRoutes(raw, e)
	case names["clustername"]:
		return w.readEndpoints(raw, e)
	case anyOf(names, "type", "clustertype", "connecttimeout", "loadassignment", "transportsocket", "transportsocketmatches",
		"edsclusterconfig", "lbpolicy", "circuitbreakers", "altstatname", "tlscontext"):
		return w.then(w.readCluster(raw, e), e)
	}
	return nil
}

func (w *walker) then(err error, e *element) error {
	if err != nil {
		return err
	}
	return w.c.finish(e)
}

func anyOf(names map[string]bool, wanted ...string) bool {
	for _, n := range wanted {
		if names[n] {
			return true
		}
	}
	return false
}
