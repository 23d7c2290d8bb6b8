package envoy

import (
	"fmt"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

// enum is a value of an enumeration as proto JSON has it: its name, or its number,
// which Envoy prints for values that it does not know and other tools for all.
type enum string

// UnmarshalJSON implements json.Unmarshaler.
func (e *enum) UnmarshalJSON(text []byte) error {
	switch v := jsontext.Value(text); v.Kind() {
	case 'n':
		return nil
	case '"':
		name, err := jsontext.AppendUnquote(nil, text)
		*e = enum(name)
		return err
	case '0':
		*e = enum(text)
		return nil
	}
	return fmt.Errorf("want a name or a number of an enumeration")
}

// in gives the name of a number; one that is not listed stays a number.
func (e enum) in(names []string) string {
	if n, err := strconv.Atoi(string(e)); err == nil && n >= 0 && n < len(names) {
		return names[n]
	}
	return string(e)
}

// Names by number (Envoy: core/v3/base.proto, cluster/v3/cluster.proto,
// core/v3/health_check.proto).
var (
	directions   = []string{"UNSPECIFIED", "INBOUND", "OUTBOUND"}
	clusterTypes = []string{"STATIC", "STRICT_DNS", "LOGICAL_DNS", "EDS", "ORIGINAL_DST"}
	healths      = []string{"UNKNOWN", "HEALTHY", "UNHEALTHY", "DRAINING", "TIMEOUT", "DEGRADED"}
)
