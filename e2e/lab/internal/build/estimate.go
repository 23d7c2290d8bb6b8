package build

import "time"

// settle is how much finished work, in seconds, the table's own speed counts
// for: the first parts alone say little about this machine.
const settle = 60

// timeLeft estimates from the table's seconds, scaled by how fast this machine
// has been so far in the same lane. The slowest lane decides.
func timeLeft(steps []*step, now time.Time) time.Duration {
	var longest float64
	for l := range lanes {
		longest = max(longest, laneLeft(steps, l, now))
	}
	return time.Duration(longest * float64(time.Second))
}

func laneLeft(steps []*step, l lane, now time.Time) float64 {
	took, planned := float64(settle), float64(settle)
	for _, s := range steps {
		if s.lane == l && s.done {
			took += s.took.Seconds()
			planned += float64(s.seconds)
		}
	}
	speed := took / planned
	var left float64
	for _, s := range steps {
		if s.lane != l || s.done {
			continue
		}
		whole := speed * float64(s.seconds)
		if !s.begun.IsZero() {
			// What takes longer than thought still needs a tenth.
			whole = max(whole-now.Sub(s.begun).Seconds(), whole/10)
		}
		left += whole
	}
	return left
}
