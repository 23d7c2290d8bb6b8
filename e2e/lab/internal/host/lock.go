package host

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// Lock takes the lock that file stands for and returns what gives it back. If
// another process has it, wait is called once before waiting. The file stays:
// removing it would let a third process in beside one that waits. The kernel
// gives the lock back when this process ends.
func Lock(file string, wait func()) (unlock func(), err error) {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(file, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	if syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil {
		wait()
		if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
			f.Close()
			return nil, fmt.Errorf("wait for another lab command: %w", err)
		}
	}
	return func() { f.Close() }, nil
}
