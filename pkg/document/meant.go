package document

import (
	"maps"
	"reflect"
	"slices"
	"strings"
)

// meant names the field that was meant by a word that is none, as the end of a
// sentence: one that differs by two letters at most, or only by its case; else what
// there is to choose from.
func meant(word string, known map[string]reflect.Type) string {
	names := slices.Sorted(maps.Keys(known))
	if best := Nearest(word, names); best != "" {
		return "; did you mean " + best + "?"
	}
	return "; it knows " + strings.Join(names, ", ")
}

// Nearest is the first of the names that differs from a word by the fewest letters, two at
// most; "" for none.
func Nearest(word string, names []string) string {
	best, least := "", 3
	for _, name := range names {
		if d := distance(strings.ToLower(word), strings.ToLower(name)); d < least && d < len(name) {
			best, least = name, d
		}
	}
	return best
}

// distance counts the letters to change, add or drop between two words (Levenshtein).
// Words of an attacker are cut: only near ones matter.
func distance(a, b string) int {
	a, b = a[:min(len(a), 40)], b[:min(len(b), 40)]
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}
