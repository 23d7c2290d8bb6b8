package envoy

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// sniffed is what is read at once of an answer: most of the dozen of a verify have less, and each gets a buffer of its own.
const sniffed = 16 << 10

// sniff looks at the first bytes and says in words what they are when they are
// not JSON: the usual accidents with saved files. It skips a byte order mark.
func sniff(r io.Reader) (*bufio.Reader, error) {
	b := bufio.NewReaderSize(r, sniffed)
	head, err := b.Peek(512)
	if len(head) == 0 {
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		return nil, errors.New("it is empty")
	}
	switch {
	case bytes.HasPrefix(head, []byte("\xef\xbb\xbf")):
		_, _ = b.Discard(3)
		head = head[3:]
	case bytes.HasPrefix(head, []byte("\x1f\x8b")):
		return nil, errors.New("it is compressed (gzip): unpack it first")
	case bytes.HasPrefix(head, []byte("\xff\xfe")), bytes.HasPrefix(head, []byte("\xfe\xff")), bytes.IndexByte(head[:min(4, len(head))], 0) >= 0:
		return nil, errors.New("it is UTF-16 or binary: save it as UTF-8 text")
	}
	text := bytes.TrimLeft(head, " \t\r\n")
	switch {
	case len(text) == 0 && len(head) < 512:
		return nil, errors.New("it is empty")
	case len(text) > 0 && text[0] == '<':
		return nil, errors.New("it is a web page or XML, not JSON: was it saved from a login page or a proxy?")
	case len(text) > 0 && text[0] != '{' && text[0] != '[':
		return nil, errors.New("it is not JSON: save the dump with format JSON (istioctl: -o json)")
	}
	return b, nil
}

// inWords turns an error of the JSON decoder into a sentence that does not
// quote the text: it may hold secrets.
func inWords(err error) error {
	var syntactic *jsontext.SyntacticError
	switch {
	case errors.Is(err, errTooLarge):
		return errTooLarge
	case errors.Is(err, errElement):
		return errElement
	case errors.Is(err, errTwice):
		return errTwice
	case errors.Is(err, errWord):
		return errWord
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return errors.New("it is cut off: the JSON ends in the middle; save it again")
	case errors.As(err, &syntactic):
		return fmt.Errorf("it is not valid JSON (byte %d): %w; save it again", syntactic.ByteOffset, bareReason(syntactic))
	}
	return err
}

// bareReason keeps the decoder's reason without the place, which holds names.
func bareReason(err *jsontext.SyntacticError) error {
	if err.Err == nil {
		return errors.New("syntax error")
	}
	if errors.Is(err.Err, jsontext.ErrDuplicateName) {
		return jsontext.ErrDuplicateName
	}
	if text := err.Err.Error(); strings.ContainsAny(text, "`\"") { // it quotes what follows an escape
		return errors.New(strings.TrimSpace(text[:strings.IndexAny(text, "`\"")]))
	}
	return err.Err
}
