package proc

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

func TestParseStat(t *testing.T) {
	const tail = " S 1 7 7 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 4242 1 1"
	for name, c := range map[string]struct {
		line  string
		start uint64
		state string
		ok    bool
	}{
		"plain":              {"7 (sh)" + tail, 4242, "S", true},
		"brackets and blank": {"7 (a) S 9 (b)" + tail, 4242, "S", true},
		"short":              {"7 (sh) S 1 2", 0, "", false},
		"empty":              {"", 0, "", false},
		"no number":          {"7 (sh) S 1 7 7 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 x 1", 0, "", false},
	} {
		start, state, err := parseStat(c.line)
		if (err == nil) != c.ok || start != c.start || state != c.state {
			t.Errorf("%s: got %d %q %v, want %d %q ok %v", name, start, state, err, c.start, c.state, c.ok)
		}
	}
}

// The pid alone must not be trusted: the kernel gives it to another process.
func TestReadWantsTheSameStartTime(t *testing.T) {
	me, ok := identify(os.Getpid())
	if !ok {
		t.Fatal("this process is not found")
	}
	file := filepath.Join(t.TempDir(), "pid")
	for name, c := range map[string]struct {
		text string
		want bool
	}{
		"itself":     {me.String(), true},
		"other time": {ID{me.Pid, me.Start + 1}.String(), false},
		"no time":    {"1234\n", false},
		"init":       {"1 0\n", false},
		"garbage":    {"x y\n", false},
		"negative":   {"-1 5\n", false},
	} {
		if err := os.WriteFile(file, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, ok := Read(file); ok != c.want {
			t.Errorf("%s: Read says %v, want %v", name, ok, c.want)
		}
	}
}

func TestEnd(t *testing.T) {
	cmd := exec.Command("sleep", "60")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go cmd.Wait()
	id, ok := identify(cmd.Process.Pid)
	if !ok {
		t.Fatal("sleep does not run")
	}
	file := filepath.Join(t.TempDir(), "sleep")
	// A file with another start time: the process must survive.
	if err := os.WriteFile(file, []byte(ID{id.Pid, id.Start + 1}.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := End(context.Background(), file, syscall.SIGTERM); err != nil || !id.Alive() {
		t.Fatalf("End with another start time: %v, alive %v, want alive", err, id.Alive())
	}
	if err := os.WriteFile(file, []byte(id.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := End(context.Background(), file, syscall.SIGTERM); err != nil || id.Alive() {
		t.Errorf("End: %v, alive %v, want ended", err, id.Alive())
	}
	if _, err := os.Stat(file); err == nil {
		t.Error("the pid file is still there")
	}
}
