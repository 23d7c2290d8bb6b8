package envoy

import (
	"bytes"
	"errors"
	"io"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// walker streams one answer: the text is never held as a whole, sections that
// nothing needs are passed over without being built.
type walker struct {
	dec      *jsontext.Decoder
	c        *collector
	state    facts.State // of elements that stand alone (resource=...)
	dumps    int         // "configs" lists seen
	wrapped  part        // sections that stood below other names than "configs": those of a namespace and a pod
	parts    part        // sections seen in this answer
	meter    *meter
	sections bool            // whole sections were in it, not single entries
	routes   string          // name of the RouteConfiguration that is being read
	route    []string        // clusters of the HTTP route that is being read
	names    []wireRouted    // those of them that are answered, and the names that they give their calls
	rewrite  string          // the name that the route gives all its calls
	leads    map[string]bool // clusters of the RouteConfiguration so far
	unnamed  []hostRead      // of the RouteConfiguration, whose name was not read yet
	other    string          // what it is instead of a dump of Envoy, in words
}

// others are what people take for a dump of Envoy, by a member at the top.
var others = map[string]string{
	"workloads":       "it is a dump of ztunnel (ambient mode), which is no Envoy and has no clusters or listeners: see istioctl ztunnel-config, and give the dump of a sidecar, gateway or waypoint",
	"staticresources": "it is a bootstrap (envoy.yaml as JSON): it says what Envoy starts with, not what it has; save /config_dump of the running proxy",
	"typeurl":         "it is an answer of xDS: it says what a control plane sent, not what Envoy has; save /config_dump of the running proxy",
}

// dump reads one answer of /config_dump, or istioctl's output of the same. The
// state is that of elements which stand alone.
func (c *collector) dump(r io.Reader, state facts.State) (*walker, error) {
	text, err := sniff(r)
	if err != nil {
		return nil, err
	}
	w := c.walker(text, state)
	if w.dec.PeekKind() == '[' {
		err = w.list(w.loose)
	} else {
		err = w.object(0)
	}
	if err == nil {
		err = w.end()
	}
	if err != nil {
		return nil, inWords(err)
	}
	c.seen |= w.parts
	return w, nil
}

// walker checks duplicate names element by element, not over the whole text:
// that would hold every name of a hostile one.
func (c *collector) walker(r io.Reader, state facts.State) *walker {
	m := &meter{from: r}
	return &walker{dec: jsontext.NewDecoder(m, jsontext.AllowDuplicateNames(true)), meter: m, c: c, state: state}
}

func (w *walker) end() error {
	_, err := w.dec.ReadToken()
	switch {
	case errors.Is(err, io.EOF):
		return nil
	case err == nil:
		return errors.New("something follows after the end of the JSON: two answers in one file?")
	}
	return err
}

// value reads the next value whole; it is valid until the next read.
func (w *walker) value() (jsontext.Value, error) {
	w.meter.mark()
	return w.dec.ReadValue()
}

// maxParts bounds the commas of one element: what it takes to build its parts is many
// times its text.
const maxParts = 1_000_000

// element is value for what is going to be decoded.
func (w *walker) element() (jsontext.Value, error) {
	raw, err := w.value()
	if err == nil && bytes.Count(raw, []byte(",")) > maxParts {
		err = errElement
	}
	return raw, err
}

// skip passes over the next value without holding more than one of its members.
func (w *walker) skip() error {
	drop := func() error {
		_, err := w.value()
		return err
	}
	switch w.dec.PeekKind() {
	case '{':
		return w.members(func(string) error { return drop() })
	case '[':
		return w.list(drop)
	}
	return drop()
}

// list calls each for every element of an array; something else is passed over.
func (w *walker) list(each func() error) error {
	if w.dec.PeekKind() != '[' {
		return w.skip()
	}
	if _, err := w.dec.ReadToken(); err != nil {
		return err
	}
	for w.dec.PeekKind() != ']' {
		w.meter.mark()
		if err := each(); err != nil {
			return err
		}
	}
	_, err := w.dec.ReadToken()
	return err
}

// members calls each with every name of an object.
func (w *walker) members(each func(name string) error) error {
	if w.dec.PeekKind() != '{' {
		return w.skip()
	}
	if _, err := w.dec.ReadToken(); err != nil {
		return err
	}
	for n := 0; w.dec.PeekKind() != '}'; n++ {
		if n > maxMembers {
			return errTooMany
		}
		w.meter.mark()
		name, err := w.name()
		if err != nil {
			return err
		}
		if err := each(name); err != nil {
			return err
		}
	}
	_, err := w.dec.ReadToken()
	return err
}

// maxNames bounds the names that are kept.
const maxNames = 4096

// name reads the name of a member, made comparable: a dump has millions of them, and they are a few hundred words.
func (w *walker) name() (string, error) {
	raw, err := w.dec.ReadValue()
	if err != nil {
		return "", err
	}
	if known, ok := w.c.names[string(raw)]; ok {
		return known, nil
	}
	text, err := jsontext.AppendUnquote(nil, raw)
	if err != nil {
		return "", err
	}
	name := plain(string(text))
	if len(raw) < 256 && len(w.c.names) < maxNames {
		w.c.names[string(raw)] = name
	}
	return name, nil
}

// object reads the top of an answer. Some tools put the dump below the names of
// namespace and pod: three such levels are followed.
func (w *walker) object(depth int) error {
	e := &element{state: w.state}
	var own part
	err := w.members(func(name string) error {
		p := sections[name].part
		if w.wrapped&p&^own != 0 { // another pod's answer had them
			return errSeveral
		}
		if depth > 0 {
			own, w.wrapped = own|p, w.wrapped|p
		}
		if name == "configs" {
			if w.dumps++; w.dumps > 1 {
				return errSeveral
			}
			if w.dec.PeekKind() == '{' { // Envoy before 1.8, by short names of the sections
				return w.members(func(string) error { return w.config() })
			}
			return w.list(w.config)
		}
		if depth == 0 && w.other == "" {
			w.other = others[name]
		}
		known, err := w.member(name, e)
		switch {
		case known || err != nil:
			return err
		case depth < 3 && w.dec.PeekKind() == '{':
			return w.object(depth + 1)
		}
		return w.skip()
	})
	if err != nil {
		return err
	}
	return w.c.finish(e)
}

// config reads one element of "configs": a section, or with resource= an entry
// of one.
func (w *walker) config() error { return w.entry(w.state) }

func (w *walker) entry(state facts.State) error {
	if err := w.c.counted(); err != nil {
		return err
	}
	e := &element{state: state}
	err := w.members(func(name string) error {
		known, err := w.member(name, e)
		if known || err != nil {
			return err
		}
		return w.skip()
	})
	if err != nil {
		return err
	}
	return w.c.finish(e)
}

// loose reads one element of a list at the top, as istioctl prints it.
func (w *walker) loose() error {
	raw, err := w.element()
	if err != nil {
		return err
	}
	if err := w.c.counted(); err != nil {
		return err
	}
	return w.c.loose(raw.Clone(), w)
}

// text reads a short string; other values are passed over.
func (w *walker) text() (string, error) {
	if w.dec.PeekKind() != '"' {
		return "", w.skip()
	}
	t, err := w.dec.ReadToken()
	if err != nil {
		return "", err
	}
	if s := t.String(); len(s) < 4096 {
		return strings.Clone(s), nil
	}
	return "", nil
}

func (w *walker) textInto(place *string) (err error) {
	*place, err = w.text()
	return err
}

// again walks a value that was read whole.
func (w *walker) again(raw jsontext.Value) error {
	inner := w.c.walker(bytes.NewReader(raw), w.state)
	inner.dumps = w.dumps
	err := inner.object(2)
	w.dumps = inner.dumps
	w.parts |= inner.parts
	return err
}
