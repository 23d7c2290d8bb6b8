//go:build unix

package envoy

import (
	"syscall"
	"time"
)

// spent is the time that this process has computed, on all processors: how busy the machine is does not count.
func spent() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
