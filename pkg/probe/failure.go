package probe

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"unicode"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// classify gives the class of a failed conversation and a text for people.
// heard is the number of bytes that the server sent.
func classify(ctx context.Context, err error, heard int64) (facts.Failure, string) {
	var header tls.RecordHeaderError
	var op *net.OpError
	switch {
	case err == nil:
		return facts.FailureNone, ""
	case errors.As(err, &header):
		return facts.FailureNotTLS, "the server does not speak TLS here: it answered with " + speech(header.RecordHeader[:])
	case errors.As(err, &op) && op.Op == "remote error": // crypto/tls: an alert of the peer
		return facts.FailureAlert, plain(err)
	case errors.Is(err, context.Canceled):
		return facts.FailureInternal, "interrupted"
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), ctx.Err() != nil:
		if heard == 0 {
			return facts.FailureTimeout, "the server accepted the connection and never answered; one that waits for plain text does that too"
		}
		return facts.FailureTimeout, "the server fell silent in the middle of the handshake"
	case closed(err):
		if heard == 0 {
			return facts.FailureClosed, "the server closed the connection without a byte: " + plain(err)
		}
		return facts.FailureClosed, "the server closed the connection without an alert: " + plain(err)
	}
	return facts.FailureInternal, plain(err)
}

func closed(err error) bool {
	for _, e := range []error{io.EOF, io.ErrUnexpectedEOF, io.ErrClosedPipe, net.ErrClosed, syscall.ECONNRESET, syscall.EPIPE} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// speech names what the first bytes look like; they are not repeated, since an
// unknown server may say anything.
func speech(first []byte) string {
	switch {
	case bytes.HasPrefix(first, []byte("HTTP")):
		return "plain HTTP"
	case bytes.HasPrefix(first, []byte("SSH-")):
		return "SSH"
	case bytes.HasPrefix(first, []byte("-ERR")), bytes.HasPrefix(first, []byte("-NOAU")), bytes.HasPrefix(first, []byte("-DENI")):
		return "plain Redis"
	}
	for _, b := range first {
		if b > unicode.MaxASCII || (b < ' ' && b != '\r' && b != '\n' && b != '\t') {
			return "binary data"
		}
	}
	return "plain text"
}

// plain makes an error's text one harmless line.
func plain(err error) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, err.Error())
}
