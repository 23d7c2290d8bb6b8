package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
)

// row is one line of the table. A goal of 0 is none; a row without a ratio says why in its note.
type row struct {
	what, ours, theirs string
	ratio, goal        float64
	note               string
}

// wall and peak make the two rows of a comparison.
func (r result) wall(what string, goal float64) row {
	return row{what: what + ": time", ours: millis(r.ours), theirs: millis(r.theirs), ratio: r.ratio, goal: goal}
}

func (r result) peak(what string, goal float64) row {
	return row{what: what + ": peak memory", ours: megabytes(r.ourPeak), theirs: megabytes(r.theirPeak),
		ratio: float64(r.ourPeak) / float64(r.theirPeak), goal: goal}
}

func (r row) with(format string, args ...any) row {
	r.note = fmt.Sprintf(format, args...)
	return r
}

func millis(d time.Duration) string { return fmt.Sprintf("%.0f ms", float64(d.Microseconds())/1000) }

func megabytes(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }

func (r row) verdict() string {
	switch {
	case r.ratio == 0:
		return "not measured"
	case r.goal == 0:
		return "no goal"
	case r.ratio <= r.goal:
		return "met"
	}
	return "MISSED"
}

func printTable(w io.Writer, rows []row, pairs int) {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(tw, "COMPARISON\tOURS\tOTHER\tRATIO\tGOAL\t")
	for _, r := range rows {
		ratio, goal := "", ""
		if r.ratio != 0 {
			ratio = fmt.Sprintf("%.2f", r.ratio)
		}
		if r.goal != 0 {
			goal = fmt.Sprintf("<= %.2f", r.goal)
		}
		_, _ = fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%s\t%s\n", r.what, r.ours, r.theirs, ratio, goal, r.verdict())
	}
	_ = tw.Flush()
	_, _ = fmt.Fprintf(w, "\nTime: medians of %d runs by turns, and the median of the pairs' ratios. Memory: the largest of them.\n", pairs)
	for _, r := range rows {
		if r.note != "" {
			_, _ = fmt.Fprintf(w, "%s: %s\n", strings.TrimSuffix(r.what, ": time"), r.note)
		}
	}
}
