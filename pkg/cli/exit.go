package cli

// Exit codes, the same for every command and format.
const (
	codeOK      = 0
	codeFail    = 1
	codeUnknown = 2
)

// exitCode ends a command whose report is already printed.
type exitCode int

func (e exitCode) Error() string { return "exit code" }

// failure marks an error that is a failure (exit code 1) and not a case of "could
// not look" or bad usage (2).
type failure struct{ error }

func (f failure) Unwrap() error { return f.error }
