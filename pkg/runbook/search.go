package runbook

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
)

// Search returns the pages that fit the words of an error message or of a
// symptom, whatever their case. whole tells whether every word is on each of
// them: in the symptom, else anywhere on the page, by id. When no page has all
// words (a pasted log line has numbers and names of its own) the pages come
// that share its rarest words with their symptom, best first. Nil is no page.
func Search(query string) (pages []Page, whole bool) {
	terms := termsOf(query)
	if len(terms) == 0 {
		return nil, false
	}
	all := All()
	for _, view := range []func(Page) string{symptoms, func(p Page) string { return plain(p.Text) }} {
		for _, p := range all {
			if hasAll(view(p), terms) {
				pages = append(pages, p)
			}
		}
		if len(pages) > 0 {
			return pages, true
		}
	}
	return nearest(all, terms), false
}

// nearest scores a page by the rarity of the words that its symptom shares with
// the query, and keeps those that come near the best. A word that a quarter of
// the pages have says nothing.
func nearest(all []Page, terms []string) []Page {
	score := map[string]float64{}
	for _, t := range terms {
		var having []string
		for _, p := range all {
			if strings.Contains(symptoms(p), " "+t+" ") {
				having = append(having, p.ID)
			}
		}
		if len(having)*4 > len(all) || len(t) < 3 {
			continue
		}
		for _, id := range having {
			score[id] += 1 / float64(len(having))
		}
	}
	best := 0.0
	for _, s := range score {
		best = max(best, s)
	}
	var out []Page
	for _, p := range all {
		if s := score[p.ID]; s > 0 && s*2 >= best {
			out = append(out, p)
		}
	}
	slices.SortStableFunc(out, func(a, b Page) int { return cmp.Compare(score[b.ID], score[a.ID]) })
	return out
}

// termsOf splits a query at everything but letters, digits and "_": a name such
// as WRONG_VERSION_NUMBER is one term, found in this order only.
func termsOf(query string) []string {
	var out []string
	for _, w := range strings.FieldsFunc(query, func(r rune) bool { return !wordRune(r) && r != '_' }) {
		if t := strings.TrimSpace(plain(w)); t != "" && !slices.Contains(out, t) {
			out = append(out, t)
		}
	}
	return out
}

func symptoms(p Page) string {
	s, _ := p.Section("Symptom")
	return plain(p.ID + " " + p.Title + " " + s)
}

func hasAll(text string, terms []string) bool {
	return !slices.ContainsFunc(terms, func(t string) bool { return !strings.Contains(text, " "+t+" ") })
}

// plain is lower case words with one space around each: access logs write
// TLS_error where other logs write "TLS error".
func plain(s string) string {
	words := strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return !wordRune(r) })
	return " " + strings.Join(words, " ") + " "
}

func wordRune(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
