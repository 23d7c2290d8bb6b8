package report

import "strings"

// grid is a table of safe cells. One column may hold outcomes, which are painted
// after the widths are known.
type grid struct {
	head  []string
	rows  [][]string
	paint func(row int, cell string) string // of the column painted; nil is none
	col   int                               // the painted column
}

const gap = 3

// widths of all columns, and of a whole line.
func (g grid) widths() (cols []int, line int) {
	cols = make([]int, len(g.head))
	for _, row := range append([][]string{g.head}, g.rows...) {
		for i, c := range row {
			cols[i] = max(cols[i], textWidth(c))
		}
	}
	for _, c := range cols {
		line += c + gap
	}
	return cols, line - gap
}

// lines gives the table, or one block a row where the table is wider than limit
// (0 is without limit).
func (g grid) lines(limit int) []string {
	cols, width := g.widths()
	if limit > 0 && width > limit {
		return g.stacked()
	}
	out := []string{g.line(cols, -1, g.head)}
	for n, row := range g.rows {
		out = append(out, g.line(cols, n, row))
	}
	return out
}

func (g grid) line(cols []int, n int, row []string) string {
	var b strings.Builder
	for i, c := range row {
		shown := c
		if n >= 0 && g.paint != nil && i == g.col {
			shown = g.paint(n, c)
		}
		b.WriteString(shown)
		if i < len(row)-1 {
			b.WriteString(strings.Repeat(" ", cols[i]-textWidth(c)+gap))
		}
	}
	return strings.TrimRight(b.String(), " ")
}

// stacked shows each row as a block: the painted cell and the first one, then a
// line a column.
func (g grid) stacked() []string {
	label := 0
	for _, h := range g.head[1:] {
		label = max(label, textWidth(h))
	}
	var out []string
	for n, row := range g.rows {
		first := row[0]
		if g.paint != nil {
			first = g.paint(n, row[g.col]) + "  " + first
		}
		out = append(out, first)
		for i, c := range row {
			if i == 0 || c == "" || g.paint != nil && i == g.col {
				continue
			}
			out = append(out, "  "+g.head[i]+strings.Repeat(" ", label-textWidth(g.head[i])+2)+c)
		}
	}
	return out
}
