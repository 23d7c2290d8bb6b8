package envoy

import (
	"fmt"
	"slices"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

type section struct {
	part  part
	state facts.State
}

// sections are the repeated members of the *ConfigDump messages, v3 and
// v2alpha. Their names are unique, so they are found without looking at @type:
// a section stays found in whatever order or wrapping it was saved.
var sections = map[string]section{
	"staticclusters":          {partClusters, facts.StateStatic},
	"dynamicactiveclusters":   {partClusters, facts.StateActive},
	"dynamicwarmingclusters":  {partClusters, facts.StateWarming},
	"staticendpointconfigs":   {partEndpoints, facts.StateStatic},
	"dynamicendpointconfigs":  {partEndpoints, facts.StateActive},
	"staticlisteners":         {partListeners, facts.StateStatic},
	"dynamiclisteners":        {partListeners, facts.StateActive},
	"dynamicactivelisteners":  {partListeners, facts.StateActive},
	"dynamicwarminglisteners": {partListeners, facts.StateWarming},
	"staticrouteconfigs":      {partRoutes, facts.StateStatic},
	"dynamicrouteconfigs":     {partRoutes, facts.StateActive},
	"staticsecrets":           {partSecrets, facts.StateStatic},
	"dynamicactivesecrets":    {partSecrets, facts.StateActive},
	"dynamicwarmingsecrets":   {partSecrets, facts.StateWarming},
}

// dumpTypes tell that a section is there although it has no elements.
var dumpTypes = map[string]part{
	"ClustersConfigDump":  partClusters,
	"EndpointsConfigDump": partEndpoints,
	"ListenersConfigDump": partListeners,
	"RoutesConfigDump":    partRoutes,
	"SecretsConfigDump":   partSecrets,
	"BootstrapConfigDump": partBootstrap,
}

// member handles the names that count; false leaves the value to the caller.
func (w *walker) member(name string, e *element) (bool, error) {
	if s, ok := sections[name]; ok {
		w.parts |= s.part
		w.sections = true
		if w.c.want&s.part == 0 {
			return true, w.skip()
		}
		return true, w.section(s)
	}
	switch name {
	case "@type":
		text, err := w.text()
		if p := dumpTypes[lastPart(text)] & w.c.want; p != 0 { // a mask may leave the other sections empty
			w.parts |= p
			w.sections = true
		}
		return true, err
	case "name":
		return true, w.textInto(&e.name)
	case "versioninfo":
		return true, w.textInto(&e.version)
	case "lastupdated":
		return true, w.textInto(&e.updated)
	}
	read, ok := elementMembers[name]
	if !ok {
		return false, nil
	}
	if w.dec.PeekKind() != '{' {
		w.leaveOut(read.part, "an entry without content was left out: its "+name+" is not an object")
		return true, w.skip()
	}
	if w.c.want&read.part == 0 {
		return true, w.skip()
	}
	if read.walk != nil {
		w.parts |= read.part
		return true, read.walk(w)
	}
	if slices.Contains(e.has, name) {
		return true, fmt.Errorf("an entry has its %s twice: which one counts cannot be told", name)
	}
	e.has = append(e.has, name)
	raw, err := w.element()
	if err != nil {
		return true, err
	}
	return true, read.into(w, raw, e)
}

// section reads a list of entries. Proto JSON has no null in a list; instead of one it stands for an empty list.
func (w *walker) section(s section) error {
	if k := w.dec.PeekKind(); k != '[' && k != 'n' {
		w.leaveOut(s.part, "a section was left out: it is not a list")
	}
	return w.list(func() error {
		if w.dec.PeekKind() != '{' {
			w.leaveOut(s.part, "an entry was left out: it is not an object")
		}
		return w.entry(s.state)
	})
}

func (w *walker) leaveOut(p part, why string) {
	if p == partClusters {
		w.c.lose(why)
		return
	}
	w.c.problem(why)
}
