package bundle

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/go-json-experiment/json/jsontext"
)

// maxObjects bounds the objects of a bundle; the largest meshes have some ten thousand.
const maxObjects = 100_000

var errObjects = fmt.Errorf("it holds more than %d objects: no cluster that this tool knows has so many rules and Services", maxObjects)

// Items are objects of the cluster, one text each.
type Items []json.RawMessage

// UnmarshalJSON implements json.Unmarshaler. The objects stay parts of the one text, and
// are counted: a bundle of a few MB can hold millions of them.
func (i *Items) UnmarshalJSON(text []byte) error {
	dec := jsontext.NewDecoder(bytes.NewBuffer(text), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	if open, err := dec.ReadToken(); err != nil || open.Kind() != '[' {
		return err // null
	}
	for dec.PeekKind() != ']' {
		if len(*i) >= maxObjects {
			return errObjects
		}
		one, err := dec.ReadValue()
		if err != nil {
			return err
		}
		end := int(dec.InputOffset())
		*i = append(*i, text[end-len(one):end:end])
	}
	return nil
}
