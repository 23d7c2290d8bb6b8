package kube

import (
	"bytes"
	"fmt"
	"io"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// pageReader builds objects out of a list while it arrives: no more than one of them is held, and what nobody reads is
// never built. With thousands of rules this is most of the work of a verify.
type pageReader struct {
	dec    *jsontext.Decoder
	words  map[string]any // texts that come again and again: names of fields, kinds, namespaces
	ofSpec map[string]any // what managedFields keep, one for all objects: nobody changes it
}

// Bounds of the texts that are kept once.
const (
	maxWords = 4096
	maxWord  = 64
)

// readPage calls do for every object of a list, and gives the token of the next page.
func readPage(r io.Reader, do func(*unstructured.Unstructured)) (next string, err error) {
	p := &pageReader{dec: jsontext.NewDecoder(r, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)), words: map[string]any{}}
	err = p.members(func(name string) error {
		switch name {
		case "metadata":
			return p.members(func(name string) (err error) {
				if name != "continue" {
					return p.dec.SkipValue()
				}
				next, err = p.text()
				return err
			})
		case "items":
			return p.items(do)
		}
		return p.dec.SkipValue()
	})
	return next, err
}

func (p *pageReader) items(do func(*unstructured.Unstructured)) error {
	if p.dec.PeekKind() == 'n' { // "items": null
		return p.dec.SkipValue()
	}
	return p.elements(func() error {
		u := &unstructured.Unstructured{Object: map[string]any{}}
		err := p.members(func(name string) (err error) {
			if name == "metadata" {
				u.Object[name], err = p.meta()
			} else {
				u.Object[name], err = p.value()
			}
			return err
		})
		if u.Object["metadata"] == nil {
			u.Object["metadata"] = map[string]any{}
		}
		if err == nil {
			do(u)
		}
		return err
	})
}

// lastApplied is where kubectl apply keeps a copy of the whole object.
const lastApplied = "kubectl.kubernetes.io/last-applied-configuration"

// meta reads the metadata that this tool uses. managedFields is most of an object's text: of it only the times are kept.
func (p *pageReader) meta() (map[string]any, error) {
	out := map[string]any{}
	err := p.members(func(name string) error {
		switch name {
		case "name", "uid", "resourceVersion": // no other object has the same
			text, err := p.ownText()
			if text != "" {
				out[name] = text
			}
			return err
		case "namespace", "creationTimestamp", "deletionTimestamp":
			text, err := p.boxed()
			if text != "" {
				out[name] = text
			}
			return err
		case "labels", "annotations":
			if p.dec.PeekKind() == 'n' {
				return p.dec.SkipValue()
			}
			texts, err := p.texts()
			if len(texts) > 0 {
				out[name] = texts
			}
			return err
		case "managedFields":
			wrote, err := p.specWrites()
			if len(wrote) > 0 {
				out[name] = wrote
			}
			return err
		}
		return p.dec.SkipValue()
	})
	return out, err
}

func (p *pageReader) texts() (map[string]any, error) {
	out := map[string]any{}
	err := p.members(func(name string) error {
		if name == lastApplied {
			return p.dec.SkipValue()
		}
		text, err := p.boxed()
		out[name] = text
		return err
	})
	return out, err
}

// value builds what unstructured objects are made of: whole numbers are int64.
func (p *pageReader) value() (any, error) {
	switch p.dec.PeekKind() {
	case '{':
		out := map[string]any{}
		err := p.members(func(name string) (err error) {
			out[name], err = p.value()
			return err
		})
		return out, err
	case '[':
		out := []any{}
		err := p.elements(func() error {
			v, err := p.value()
			out = append(out, v)
			return err
		})
		return out, err
	case '"':
		return p.boxed()
	}
	raw, err := p.dec.ReadValue()
	if err != nil {
		return nil, err
	}
	switch raw.Kind() {
	case 't', 'f':
		return raw.Kind() == 't', nil
	case '0':
		if n, err := strconv.ParseInt(string(raw), 10, 64); err == nil {
			return n, nil
		}
		return strconv.ParseFloat(string(raw), 64)
	}
	return nil, nil
}

// text reads a string that is likely to come again; null stands for an empty one.
func (p *pageReader) text() (string, error) {
	text, err := p.boxed()
	return text.(string), err
}

// boxed is text as a value of an object holds it: an interface, which needs a place of its own for each new string.
func (p *pageReader) boxed() (any, error) {
	inner, err := p.inner()
	if err != nil {
		return "", err
	}
	if known, ok := p.words[string(inner)]; ok {
		return known, nil
	}
	text := string(inner)
	value := any(text)
	if len(text) <= maxWord && len(p.words) < maxWords {
		p.words[text] = value
	}
	return value, nil
}

// ownText is text for a string that no other object has.
func (p *pageReader) ownText() (string, error) {
	inner, err := p.inner()
	return string(inner), err
}

// inner reads a string; what it gives is valid until the next read.
func (p *pageReader) inner() ([]byte, error) {
	raw, err := p.dec.ReadValue()
	switch {
	case err != nil:
		return nil, err
	case raw.Kind() == 'n':
		return nil, nil
	case raw.Kind() != '"':
		return nil, fmt.Errorf("got %s, want a text", kindWord(raw.Kind()))
	}
	inner := raw[1 : len(raw)-1]
	if bytes.IndexByte(inner, '\\') >= 0 {
		return jsontext.AppendUnquote(nil, raw)
	}
	return inner, nil
}

// members calls each with every name of an object.
func (p *pageReader) members(each func(name string) error) error {
	if err := p.expect('{'); err != nil {
		return err
	}
	for p.dec.PeekKind() != '}' {
		name, err := p.text()
		if err != nil {
			return err
		}
		if err := each(name); err != nil {
			return err
		}
	}
	return p.expect('}')
}

// elements calls each for every element of an array.
func (p *pageReader) elements(each func() error) error {
	if err := p.expect('['); err != nil {
		return err
	}
	for p.dec.PeekKind() != ']' {
		if err := each(); err != nil {
			return err
		}
	}
	return p.expect(']')
}

func (p *pageReader) expect(want jsontext.Kind) error {
	got, err := p.dec.ReadToken()
	if err == nil && got.Kind() != want {
		err = fmt.Errorf("got %s, want %s: not a list of Kubernetes", kindWord(got.Kind()), kindWord(want))
	}
	return err
}

// kindWord names a kind without its value, which may be a secret.
func kindWord(k jsontext.Kind) string { return fmt.Sprintf("%q", byte(k)) }
