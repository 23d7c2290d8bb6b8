package build

import "time"

// settle is how many seconds of finished work the table's own speed counts
// for: the first parts alone say little about this machine.
const settle = 60

// timeLeft estimates from the table's seconds, scaled by how fast this machine
// has been so far. elapsed is the time since the first step began.
func timeLeft(steps []*step, elapsed time.Duration, now time.Time) time.Duration {
	var done, open int
	var running time.Duration // spent on steps that are not done
	for _, s := range steps {
		switch {
		case s.done:
			done += s.seconds
		case s.begun.IsZero():
			open += s.seconds
		default:
			open += s.seconds
			// A step that takes longer than thought still needs a tenth.
			running += min(now.Sub(s.begun), time.Duration(s.seconds)*time.Second*9/10)
		}
	}
	speed := float64(settle) + (elapsed - running).Seconds()
	speed /= float64(settle + done)
	left := time.Duration(speed*float64(open)*float64(time.Second)) - running
	return max(left, 0)
}
