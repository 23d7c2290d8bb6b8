package bundle

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/redact"
)

// redactor copies a JSON text without what is not on its list.
type redactor struct {
	keep map[string]bool
	open string // below this member every name is kept, one level deep
	dump bool   // it is a config dump, where names have their place
	deep int    // configurations inside each other, now
	dec  *jsontext.Decoder
	enc  *jsontext.Encoder
}

var errTooLarge = fmt.Errorf("it is larger than %d MiB", maxEntry>>20)

// redacted copies one answer of the admin port. A text that is no JSON (Envoy's own,
// an error page) is kept as far as it is counters.
func redacted(path string, in io.Reader) ([]byte, error) {
	head := make([]byte, 1)
	n, err := io.ReadFull(in, head)
	if n == 0 {
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		return nil, nil
	}
	out := &limited{left: maxEntry}
	all := io.MultiReader(bytes.NewReader(head), in)
	name := baseOf(path)
	if head[0] != '{' && head[0] != '[' {
		err = plainLines(name, all, out)
		return out.Bytes(), err
	}
	r := &redactor{}
	switch name {
	case "/config_dump":
		r.keep, r.dump = dumpMembers, true
	case "/clusters":
		r.keep = listMembers
	case "/stats":
		r.keep = statMembers
	case "/server_info":
		r.keep = infoMembers
	case "/certs":
		r.keep = certMembers
	}
	err = r.run(all, out)
	return out.Bytes(), err
}

// run copies one JSON value; what follows it is an error.
func (r *redactor) run(in io.Reader, out io.Writer) error {
	r.dec = jsontext.NewDecoder(in, jsontext.AllowDuplicateNames(true))
	r.enc = jsontext.NewEncoder(out, jsontext.AllowDuplicateNames(true))
	if err := r.value("", ""); err != nil {
		return err
	}
	if _, err := r.dec.ReadToken(); !errors.Is(err, io.EOF) {
		if err == nil {
			err = errors.New("something follows after the end of the JSON")
		}
		return err
	}
	return nil
}

// value copies what stands under a member whose parent is another one. For the
// elements of a list both are the list's.
func (r *redactor) value(parent, member string) error {
	switch r.dec.PeekKind() {
	case '{':
		if r.dump && (member == "typed_config" || member == "config") {
			return r.extension(member)
		}
		return r.object(member)
	case '[':
		return r.list(parent, member)
	case '"':
		t, err := r.dec.ReadToken()
		if err != nil {
			return err
		}
		return r.enc.WriteToken(jsontext.String(r.text(parent, member, t.String())))
	}
	v, err := r.dec.ReadValue()
	if err != nil {
		return err
	}
	return r.enc.WriteValue(v)
}

func (r *redactor) list(parent, member string) error {
	if err := r.token(); err != nil {
		return err
	}
	for r.dec.PeekKind() != ']' {
		if err := r.value(parent, member); err != nil {
			return err
		}
	}
	return r.token()
}

// token copies a delimiter.
func (r *redactor) token() error {
	t, err := r.dec.ReadToken()
	if err != nil {
		return err
	}
	return r.enc.WriteToken(t)
}

func (r *redactor) object(member string) error {
	if err := r.token(); err != nil {
		return err
	}
	for r.dec.PeekKind() != '}' {
		t, err := r.dec.ReadToken()
		if err != nil {
			return err
		}
		name := strings.Clone(t.String())
		if !r.kept(member, name) {
			if err := r.dec.SkipValue(); err != nil {
				return err
			}
			continue
		}
		if err := r.enc.WriteToken(jsontext.String(redact.Text(name))); err != nil {
			return err
		}
		if err := r.inside(member, name); err != nil {
			return err
		}
	}
	return r.token()
}

func (r *redactor) kept(parent, name string) bool {
	if r.open != "" && parent == r.open {
		return true
	}
	if place, has := onlyUnder[name]; r.dump && has && parent != place {
		return false
	}
	return r.keep[name]
}

// inside copies the value of a member that is kept.
func (r *redactor) inside(parent, name string) error {
	switch {
	case r.dump && emptied[name]:
		if kind := r.dec.PeekKind(); kind != '{' && kind != '[' {
			return r.value(parent, name)
		}
		if err := r.dec.SkipValue(); err != nil {
			return err
		}
		return r.enc.WriteValue(jsontext.Value("{}"))
	case r.dump && (wholeMembers[name] || name == "match"):
		return r.whole()
	}
	return r.value(parent, name)
}

// whole copies a value with all its members, and cleans the texts.
func (r *redactor) whole() error {
	for depth := 0; ; {
		t, err := r.dec.ReadToken()
		if err != nil {
			return err
		}
		switch t.Kind() {
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		case '"':
			t = jsontext.String(redact.Text(t.String()))
		}
		if err := r.enc.WriteToken(t); err != nil {
			return err
		}
		if depth == 0 {
			return nil
		}
	}
}

// text cleans one string.
func (r *redactor) text(parent, member, s string) string {
	if !r.dump {
		return redact.Text(s)
	}
	switch member {
	case "inline_bytes", "inline_string":
		return source(parent, member, s)
	case "value": // a message in binary form
		return redact.Mark
	case "details": // behind the first line stands the configuration that was refused
		s, _, _ = strings.Cut(s, "\n")
		s, _, _ = strings.Cut(s, "{")
	}
	return redact.Text(s)
}
