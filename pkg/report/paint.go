package report

import "github.com/fatih/color"

// look is how an outcome is shown: a sign and a word, that say the same as the
// color, so that none is needed alone.
type look struct {
	sign, word string
	colors     []color.Attribute
}

func lookOf(o Outcome) look {
	switch o {
	case OK:
		return look{"✓", "OK", []color.Attribute{color.FgGreen}}
	case Warn:
		return look{"!", "WARN", []color.Attribute{color.FgYellow}}
	case Fail:
		return look{"✗", "FAIL", []color.Attribute{color.FgRed, color.Bold}}
	case NotJudged:
		return look{"-", "NOT JUDGED", []color.Attribute{color.Faint}}
	}
	return look{"?", "UNKNOWN", []color.Attribute{color.FgMagenta}}
}

// plain is sign and word.
func (l look) plain() string { return l.sign + " " + l.word }

// paint colors a text; the switch is the caller's and not the environment's.
func (l look) paint(s string, on bool) string {
	if !on {
		return s
	}
	c := color.New(l.colors...)
	c.EnableColor()
	return c.Sprint(s)
}
