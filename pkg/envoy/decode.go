package envoy

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// decode reads one JSON value into a wire type. Names match without regard to
// case and underscores: Envoy prints snake_case, istioctl camelCase. Duplicate
// names and invalid UTF-8 are errors.
func decode[T any](raw jsontext.Value) (T, error) {
	var v T
	err := json.Unmarshal(raw, &v, json.MatchCaseInsensitiveNames(true))
	return v, err
}

// given tells whether a raw member is there; proto JSON reads null as absent.
func given(raw jsontext.Value) bool { return len(raw) > 0 && raw.Kind() != 'n' }

// firstGiven returns the first member that is there, or nil.
func firstGiven(raws ...jsontext.Value) jsontext.Value {
	for _, r := range raws {
		if given(r) {
			return r
		}
	}
	return nil
}

// plain makes a member name comparable: activeState and active_state are one.
func plain(name string) string {
	return strings.ToLower(strings.ReplaceAll(name, "_", ""))
}

// number accepts what proto JSON allows for integers: a number or a string.
type number uint64

// UnmarshalJSON implements json.Unmarshaler.
func (n *number) UnmarshalJSON(text []byte) error {
	v := jsontext.Value(text)
	switch v.Kind() {
	case 'n':
		return nil
	case '"':
		unquoted, err := jsontext.AppendUnquote(nil, text)
		if err != nil {
			return err
		}
		text = unquoted
	}
	u, err := strconv.ParseUint(string(text), 10, 64)
	if f, broken := strconv.ParseFloat(string(text), 64); err != nil && broken == nil && f >= 0 && f < 1<<53 && f == math.Trunc(f) {
		u, err = uint64(f), nil // 443.0 and 4.43e2 are whole numbers, too (protobuf.dev: ProtoJSON)
	}
	if err != nil {
		return fmt.Errorf("want a whole number: %w", err.(*strconv.NumError).Err)
	}
	*n = number(u)
	return nil
}

// at reads a proto timestamp; the zero time stands for unknown.
func at(text string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return time.Time{}
	}
	return t
}
