package cli

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// TestAskUntil: what is lacking is waited for, a doubt for a while; both are given back when they stay, and a question
// that the end of the time cut off changes nothing.
func TestAskUntil(t *testing.T) {
	lacks, doubt, cut := errors.New("lacks"), errors.New("doubt"), errors.New("cut off")
	type answer struct{ lacks, doubt error }
	for name, c := range map[string]struct {
		answers        []answer // the last one stays
		time           time.Duration
		lacking, doubt error
	}{
		"at once":                {[]answer{{}}, time.Minute, nil, nil},
		"late":                   {[]answer{{lacks, nil}, {nil, doubt}, {}}, time.Minute, nil, nil},
		"lacks it":               {[]answer{{lacks, nil}}, time.Minute, lacks, nil},
		"a doubt stays":          {[]answer{{nil, doubt}}, time.Minute, nil, doubt},
		"a doubt, and no time":   {[]answer{{nil, doubt}}, time.Second, nil, doubt},
		"a doubt, then cut off":  {[]answer{{nil, doubt}, {cut, nil}}, waitEvery, nil, doubt},
		"the first is cut off":   {[]answer{{cut, nil}}, 0, cut, nil},
		"lacks it, then cut off": {[]answer{{lacks, nil}, {cut, nil}}, waitEvery, lacks, nil},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), c.time)
				defer cancel()
				n := 0
				gotLacking, gotDoubt := askUntil(ctx, func() (error, error) {
					a := c.answers[min(n, len(c.answers)-1)]
					if n++; a.lacks == cut {
						<-ctx.Done()
					}
					return a.lacks, a.doubt
				})
				if !errors.Is(gotLacking, c.lacking) || !errors.Is(gotDoubt, c.doubt) {
					t.Errorf("lacking %v, doubt %v, want %v, %v", gotLacking, gotDoubt, c.lacking, c.doubt)
				}
			})
		})
	}
}
