package build

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// progress tells on w what runs and how long it will take. It is safe for use
// by several goroutines.
type progress struct {
	mu       sync.Mutex
	w        io.Writer
	terminal bool // rewrite one line instead of adding lines
	now      func() time.Time
	start    time.Time
	steps    []*step
}

// step is one thing to build. Steps of one lane run one after the other, lanes
// run side by side.
type step struct {
	lane    lane
	name    string
	seconds int
	begun   time.Time // zero: not yet
	took    time.Duration
	done    bool
	count   int // packages compiled
}

type lane int

const (
	goLane   lane = iota // compiles
	hostLane             // mostly waits for the network
	lanes
)

func newProgress(w io.Writer, terminal bool, now func() time.Time) *progress {
	return &progress{w: w, terminal: terminal, now: now, start: now()}
}

func (p *progress) add(l lane, name string, seconds int) *step {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := &step{lane: l, name: name, seconds: seconds}
	p.steps = append(p.steps, s)
	return s
}

func (p *progress) begin(s *step) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s.begun = p.now()
}

func (p *progress) tick(s *step) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s.count++
}

func (p *progress) end(s *step) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s.done, s.took = true, p.now().Sub(s.begun)
	p.line(fmt.Sprintf("built %s in %s (%d of %d; %s)", s.name, short(s.took), p.finished(), len(p.steps), p.remaining()))
}

// show prints what runs now.
func (p *progress) show() {
	p.mu.Lock()
	defer p.mu.Unlock()
	var running string
	for _, s := range p.steps {
		if s.begun.IsZero() || s.done {
			continue
		}
		if running != "" {
			running += ", "
		}
		running += s.name
		if s.count > 0 {
			running += fmt.Sprintf(" (%d packages)", s.count)
		}
	}
	if running == "" {
		return
	}
	text := fmt.Sprintf("building %s; %s", running, p.remaining())
	if p.terminal {
		fmt.Fprintf(p.w, "\r\x1b[K%s", text)
		return
	}
	p.line(text)
}

func (p *progress) line(text string) {
	if p.terminal {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
	fmt.Fprintln(p.w, "lab: "+text)
}

func (p *progress) say(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.line(text)
}

func (p *progress) finished() int {
	n := 0
	for _, s := range p.steps {
		if s.done {
			n++
		}
	}
	return n
}

func (p *progress) remaining() string {
	now := p.now()
	left := timeLeft(p.steps, now)
	return fmt.Sprintf("%s gone, about %s left", short(now.Sub(p.start)), short(left))
}

func short(d time.Duration) string {
	if d < 90*time.Second {
		return fmt.Sprintf("%d s", int(d.Seconds()))
	}
	return fmt.Sprintf("%d min", int(d.Minutes()+0.5))
}
