package report

import (
	"fmt"
	"strings"
)

// FailOn says which outcomes beside Fail make the exit code 1.
type FailOn struct{ Warn, Unknown bool }

// ParseFailOn reads the words fail, warn and unknown, in any number and order.
func ParseFailOn(words []string) (FailOn, error) {
	var on FailOn
	for _, w := range words {
		switch w {
		case "fail":
		case "warn":
			on.Warn = true
		case "unknown":
			on.Unknown = true
		default:
			return on, fmt.Errorf("%q: must be fail, warn or unknown, or several of them with commas", w)
		}
	}
	if len(words) == 0 {
		return on, fmt.Errorf("%q: must be fail, warn or unknown", strings.Join(words, ","))
	}
	return on, nil
}

func (on FailOn) words() []string {
	out := []string{"fail"}
	if on.Warn {
		out = append(out, "warn")
	}
	if on.Unknown {
		out = append(out, "unknown")
	}
	return out
}
