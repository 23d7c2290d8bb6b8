//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// TestSabotage proves that each way to lose TLS, or half of it, turns the verdict from OK to a failure that names
// the cause, that for an upstream outside the mesh the verdict is the same by --to, by default and in a table, and
// that before the harm and after the repair nothing at all is found.
func TestSabotage(t *testing.T) {
	var log ledger
	t.Run("all", func(t *testing.T) {
		outsideSabotages(t, &log)
		lane(t, &log, "way", waySabotages(), wayPlaces)
		lane(t, &log, "mesh", meshSabotages(), innerPlaces(false))
		lane(t, &log, "inbound", doorSabotages(), innerPlaces(true))
		lane(t, &log, "gateway", gatewaySabotages(), gatewayPlaces)
	})
	log.show(t)
}

// outsideSabotages: sabotages of upstreams outside the mesh, each with a server and a host of its own, many at once.
func outsideSabotages(t *testing.T, log *ledger) {
	f := newField(t, "sabotage")
	n := 0
	for _, table := range []struct {
		class string
		rows  []sabotage[*site]
	}{{"rule", ruleSabotages()}, {"CA", caSabotages()}, {"server", serverSabotages()}, {"service", serviceSabotages()}, {"route", routeSabotages()}, {"filter", filterSabotages()}} {
		for _, s := range table.rows {
			n++
			if s.rare && os.Getenv(reportVariable) == "" {
				continue
			}
			number := n
			t.Run(dashed(s.name), func(t *testing.T) {
				t.Parallel()
				s.run(t, log, table.class, f.newSite(t, number, fmt.Sprintf("site-%d", number), first(s.ca, "secret")))
			})
		}
	}
}

// lane: sabotages that change what others see, one after the other, beside the other lanes.
func lane[P place](t *testing.T, log *ledger, class string, rows []sabotage[P], prepare func(*testing.T) func(*testing.T, sabotage[P], int) P) {
	t.Run(class, func(t *testing.T) {
		t.Parallel()
		at := prepare(t)
		for n, s := range rows {
			if s.rare && os.Getenv(reportVariable) == "" {
				continue
			}
			t.Run(dashed(s.name), func(t *testing.T) { s.run(t, log, class, at(t, s, n)) })
		}
	})
}

func dashed(name string) string { return strings.ReplaceAll(name, " ", "-") }

func wayPlaces(t *testing.T) func(*testing.T, sabotage[*site], int) *site {
	f := newField(t, "way")
	return func(t *testing.T, s sabotage[*site], n int) *site {
		return f.newSite(t, 500+n, fmt.Sprintf("way-%d", n), s.ca)
	}
}
