package kube

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	utilnet "k8s.io/apimachinery/pkg/util/net"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// NoSidecarError says that a pod has no proxy to ask, and why.
type NoSidecarError struct {
	Target facts.Target
	Reason string // why the pod has none, "" when no reason was found
}

func (e *NoSidecarError) Error() string {
	text := e.Target.String() + " has no istio-proxy container"
	if e.Reason != "" {
		text += " (" + e.Reason + ")"
	}
	return text + "; verify needs a sidecar"
}

// NoPodsError says that an object leads to no running pod, and what was seen.
type NoPodsError struct {
	Object string // deployment redis/web
	Reason string
}

func (e *NoPodsError) Error() string { return e.Object + " " + e.Reason }

// ErrForbidden is in the chain of every error that means "you may not".
var ErrForbidden = errors.New("forbidden")

// ErrTimeout is in the chain of every error that means "no answer in time".
var ErrTimeout = errors.New("no answer in time")

// explain turns an error of the API server into a sentence: what was tried,
// why it failed, what to do. The cause stays in the chain.
func (c *Client) explain(doing string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, context.Canceled):
		return fmt.Errorf("%s: interrupted: %w", doing, err)
	case apierrors.IsForbidden(err):
		return &forbiddenError{doing: doing, cause: err}
	case apierrors.IsUnauthorized(err):
		return fmt.Errorf("%s: the API server %s does not accept the credentials of context %q; log in again: %w",
			doing, c.server(), c.context, err)
	case apierrors.IsNotFound(err), apierrors.IsInvalid(err), apierrors.IsConflict(err):
		return fmt.Errorf("%s: %w", doing, err)
	case unreachable(err):
		return fmt.Errorf("%s: cannot reach the API server %s of context %q: %w; check the address and that the cluster runs",
			doing, c.server(), c.context, rootCause(err))
	}
	return fmt.Errorf("%s: %w", doing, err)
}

func (c *Client) server() string {
	u, err := url.Parse(c.config.Host)
	if err != nil {
		return "of the kubeconfig"
	}
	return u.Redacted()
}

// unreachable is true when no HTTP answer came at all.
func unreachable(err error) bool {
	var network net.Error
	var dns *net.DNSError
	return errors.As(err, &dns) || errors.As(err, &network) || utilnet.IsConnectionRefused(err) ||
		utilnet.IsProbableEOF(err) || errors.Is(err, context.DeadlineExceeded)
}

// rootCause drops the URL that net/http puts before the cause: the sentence
// around it already names the server.
func rootCause(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

type forbiddenError struct {
	doing string
	cause error
}

func (e *forbiddenError) Error() string {
	why := e.cause.Error()
	var status apierrors.APIStatus
	if errors.As(e.cause, &status) {
		why = strings.TrimSpace(status.Status().Message)
	}
	return fmt.Sprintf("%s: not allowed (%s); ask for that right, or use a context that has it", e.doing, why)
}

func (e *forbiddenError) Unwrap() []error { return []error{ErrForbidden, e.cause} }
