package kube

// specWrites keeps of metadata.managedFields when somebody wrote to the spec, and nothing of what: entries that own only
// metadata (of `kubectl label`) or a status are left out. What is not of the expected shape is passed over.
func (p *pageReader) specWrites() ([]any, error) {
	var out []any
	if p.dec.PeekKind() != '[' {
		return nil, p.dec.SkipValue()
	}
	err := p.elements(func() error {
		if p.dec.PeekKind() != '{' {
			return p.dec.SkipValue()
		}
		when, spec, err := p.fieldsEntry()
		if err == nil && spec && when != nil && when != "" {
			if p.ofSpec == nil {
				p.ofSpec = map[string]any{"f:spec": map[string]any{}}
			}
			out = append(out, map[string]any{"time": when, "fieldsV1": p.ofSpec})
		}
		return err
	})
	return out, err
}

func (p *pageReader) fieldsEntry() (when any, spec bool, err error) {
	err = p.members(func(name string) (err error) {
		switch {
		case name == "time" && p.dec.PeekKind() == '"':
			when, err = p.boxed()
			return err
		case name == "fieldsV1" && p.dec.PeekKind() == '{':
			return p.members(func(field string) error {
				spec = spec || field == "f:spec"
				return p.dec.SkipValue()
			})
		}
		return p.dec.SkipValue()
	})
	return when, spec, err
}
