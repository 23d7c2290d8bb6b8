package runbook

import (
	"slices"
	"testing"
)

func TestSearch(t *testing.T) {
	for _, c := range []struct {
		query string
		has   []string // all of them must be found
		first string   // "" is any
		whole bool
	}{
		{"WRONG_VERSION_NUMBER", []string{"MT002", "MT012", "MT013"}, "", true},
		{"wrong_version_number", []string{"MT012", "MT013"}, "", true},
		{"wrong version number", []string{"MT012", "MT013"}, "", true},
		{"CERTIFICATE_VERIFY_FAILED", []string{"MT008", "MT012", "MT013"}, "", true},
		{"Secret is not supplied by SDS", []string{"MT004"}, "MT004", true},
		{"secret NOT supplied", []string{"MT004"}, "MT004", true},
		{"Connection reset by peer", []string{"MT002", "MT004", "MT012", "MT016"}, "", true},
		{"upstream connect error or disconnect/reset before headers", []string{"MT004", "MT012", "MT013"}, "", true},
		{"TLS_error", []string{"MT012", "MT013"}, "", true},
		{"no healthy upstream", []string{"MT012"}, "MT012", true},
		{"PassthroughCluster", []string{"MT001"}, "MT001", true},
		{"insecureSkipVerify", []string{"MT003"}, "MT003", true}, // in no symptom: anywhere
		{"mt006", []string{"MT006"}, "MT006", true},
		// whole lines of logs, with what is in no runbook
		{`[2030-01-02T03:04:05.678Z] "- - -" 0 UF,URX - - "TLS_error:|268435703:SSL_routines:OPENSSL_internal:WRONG_VERSION_NUMBER:TLS_error_end" 0 0 11 - "-" 203.0.113.5:16222`,
			[]string{"MT013"}, "", false},
		{"upstream_reset_before_response_started{connection_failure,TLS_error:_Secret_is_not_supplied_by_SDS} 10.1.2.3", []string{"MT004"}, "MT004", false},
		{"remote connection failure, transport failure reason: TLS_error:|268435581:SSL routines:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED:verify cert failed: verify SAN list:TLS_error_end xyzzy",
			[]string{"MT012", "MT013"}, "", false},
	} {
		pages, whole := Search(c.query)
		ids := idsOf(pages)
		if whole != c.whole {
			t.Errorf("Search(%q): whole is %v, want %v (%v)", c.query, whole, c.whole, ids)
		}
		for _, id := range c.has {
			if !slices.Contains(ids, id) {
				t.Errorf("Search(%q) = %v, want %s among them", c.query, ids, id)
			}
		}
		if c.first != "" && ids[0] != c.first {
			t.Errorf("Search(%q) = %v, want %s first", c.query, ids, c.first)
		}
	}
}

// TestSearchFindsNothing: words that say nothing must not list everything.
func TestSearchFindsNothing(t *testing.T) {
	for _, query := range []string{"", " \t", "!?", "xyzzy", "xyzzy the server", "WRONG_NUMBER_VERSION"} {
		if pages, _ := Search(query); pages != nil {
			t.Errorf("Search(%q) = %v, want nothing", query, idsOf(pages))
		}
	}
}

// TestSearchIsForWords: "reset" is one, "rese" is none; a number of an error is one.
func TestSearchIsForWords(t *testing.T) {
	if pages, _ := Search("rese"); pages != nil {
		t.Errorf("a part of a word found %v", idsOf(pages))
	}
	if pages, _ := Search("reset"); len(pages) == 0 {
		t.Error("the word itself found nothing")
	}
	if pages, whole := Search("qux 268435703"); whole || !slices.Contains(idsOf(pages), "MT013") {
		t.Errorf("the number of an error found %v, %v", idsOf(pages), whole)
	}
}

// TestNearestPutsTheBestFirst and leaves out what is far behind.
func TestNearestPutsTheBestFirst(t *testing.T) {
	page := func(id, symptom string) Page {
		return Page{ID: id, Text: "# x\n\n## Symptom\n\n" + symptom + "\n\n## Cause\n"}
	}
	all := []Page{page("A", "alpha common"), page("B", "alpha beta gamma common"), page("C", "delta common"), page("D", "common"),
		page("E", "common"), page("F", "common"), page("G", "common"), page("H", "common")}
	got := idsOf(nearest(all, []string{"alpha", "beta", "gamma", "delta", "common", "of"}))
	if !slices.Equal(got, []string{"B"}) {
		t.Errorf("nearest = %v, want B alone: A and C share less than half", got)
	}
	if got := idsOf(nearest(all, []string{"delta", "alpha", "beta"})); !slices.Equal(got, []string{"B", "C"}) {
		t.Errorf("nearest = %v, want B before C", got)
	}
	if got := nearest(all, []string{"common"}); got != nil {
		t.Errorf("a word that every page has found %v", idsOf(got))
	}
}

func idsOf(pages []Page) []string {
	var out []string
	for _, p := range pages {
		out = append(out, p.ID)
	}
	return out
}
