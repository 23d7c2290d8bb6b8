package kube

// statusError is an answer of the admin port other than 200. Its StatusCode lets
// who asked tell a proxy that does not know a request from one that is away.
type statusError struct {
	code int
	text string
}

func (e *statusError) Error() string { return e.text }

// StatusCode is the HTTP status, such as 404.
func (e *statusError) StatusCode() int { return e.code }
