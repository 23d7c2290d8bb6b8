package cli_test

import (
	"errors"
	"os/exec"
	"strconv"
)

// codeOf is the exit code of a command that failed, as text.
func codeOf(err error) string {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return strconv.Itoa(exit.ExitCode())
	}
	return err.Error()
}
