package bundle

import (
	"bytes"
	"encoding/json"
	"regexp"

	"github.com/go-json-experiment/json/jsontext"
)

// entry is the head of an entry of any section: Envoy matches name_regex against
// the name of what it holds (envoy: source/server/admin/config_dump_handler.cc).
type entry struct {
	Name     string `json:"name"`
	Cluster  named  `json:"cluster"`
	Listener named  `json:"listener"`
	Route    named  `json:"route_config"`
	Secret   named  `json:"secret"`
	Endpoint struct {
		Cluster string `json:"cluster_name"`
	} `json:"endpoint_config"`
}

type named struct {
	Name string `json:"name"`
}

func (e entry) name() string {
	for _, n := range []string{e.Name, e.Cluster.Name, e.Listener.Name, e.Route.Name, e.Secret.Name} {
		if n != "" {
			return n
		}
	}
	return e.Endpoint.Cluster
}

// narrowDump answers name_regex and resource: the sections with the entries that
// fit, or those entries of one section alone.
func narrowDump(text []byte, resource string, match *regexp.Regexp) ([]byte, error) {
	var whole struct {
		Configs []jsontext.Value `json:"configs"`
	}
	if err := json.Unmarshal(text, &whole); err != nil {
		return nil, err
	}
	configs := []json.RawMessage{}
	for _, c := range whole.Configs {
		one, entries, err := narrowSection(c, resource, match)
		if err != nil {
			return nil, err
		}
		if resource == "" {
			configs = append(configs, json.RawMessage(one))
			continue
		}
		configs = append(configs, entries...)
	}
	return json.Marshal(map[string]any{"configs": configs})
}

// narrowSection copies one section with the entries that fit, and gives the entries
// of the wanted list.
func narrowSection(section jsontext.Value, wanted string, match *regexp.Regexp) (out []byte, entries []json.RawMessage, err error) {
	dec := jsontext.NewDecoder(bytes.NewReader(section), jsontext.AllowDuplicateNames(true))
	var b bytes.Buffer
	enc := jsontext.NewEncoder(&b, jsontext.AllowDuplicateNames(true))
	if _, err := dec.ReadToken(); err != nil {
		return nil, nil, err
	}
	if err := enc.WriteToken(jsontext.BeginObject); err != nil {
		return nil, nil, err
	}
	for dec.PeekKind() == '"' {
		t, err := dec.ReadToken()
		if err != nil {
			return nil, nil, err
		}
		name := t.String()
		value, err := dec.ReadValue()
		if err != nil {
			return nil, nil, err
		}
		if value.Kind() == '[' {
			fit, err := fitting(value, match)
			if err != nil {
				return nil, nil, err
			}
			if name == wanted {
				entries = fit
			}
			if value, err = json.Marshal(fit); err != nil {
				return nil, nil, err
			}
		}
		if err := enc.WriteToken(jsontext.String(name)); err != nil {
			return nil, nil, err
		}
		if err := enc.WriteValue(value); err != nil {
			return nil, nil, err
		}
	}
	err = enc.WriteToken(jsontext.EndObject)
	return b.Bytes(), entries, err
}

func fitting(list jsontext.Value, match *regexp.Regexp) ([]json.RawMessage, error) {
	var all []json.RawMessage
	if err := json.Unmarshal(list, &all); err != nil {
		return nil, err
	}
	out := []json.RawMessage{}
	for _, raw := range all {
		var e entry
		_ = json.Unmarshal(raw, &e) // an entry of another shape has no name, and fits nothing but an empty pattern
		if match.MatchString(e.name()) {
			out = append(out, raw)
		}
	}
	return out, nil
}

// narrowList keeps the elements of one list whose name fits.
func narrowList(text []byte, list string, match *regexp.Regexp) ([]byte, error) {
	var whole map[string]jsontext.Value
	if err := json.Unmarshal(text, &whole); err != nil {
		return nil, err
	}
	if whole[list].Kind() != '[' {
		return text, nil
	}
	fit, err := fitting(whole[list], match)
	if err != nil {
		return nil, err
	}
	return json.Marshal(map[string]any{list: fit})
}
