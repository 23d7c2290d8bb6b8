package bundle

import (
	"archive/tar"
	"bufio"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
)

// Bounds of what is read; one target is held at a time.
const (
	maxEntry   = 64 << 20 // bytes of one entry: it is held as a whole, and in parts beside it; 20,000 clusters take 50 MB
	maxTarget  = 96 << 20 // of one target's entries together
	maxTargets = 20_000
	mostRatio  = 400 // gzip makes at most 1032 bytes of one; real bundles have 10 to 100
	freeRatio  = 32 << 20
)

const (
	manifestFile = "bundle.json"
	objectsFile  = "objects.json"
	targetFile   = "target.json"
)

var errBomb = errors.New("it unpacks to hundreds of times its size: it is no bundle of this tool")

// entryName is the only shape of names behind the first two: nothing is ever
// written to where a name points, and still a strange one is refused.
var entryName = regexp.MustCompile(`^targets/([0-9]{6})/([a-z_]+\.json)$`)

// Reader reads a bundle from front to end.
type Reader struct {
	Manifest Manifest
	Objects  Objects

	tar   *tar.Reader
	meter *meter
	seen  int
}

// Saved is one target of a bundle with its answers.
type Saved struct {
	Target
	files map[string][]byte
}

// Replay gives the answers of the proxy.
func (s *Saved) Replay() *Replay { return &Replay{answers: s.Answers, files: s.files} }

// Open reads the manifest and the objects of a bundle. The errors are sentences for
// a person: not a bundle, cut off, of another version.
func Open(from io.Reader) (*Reader, error) {
	counted := &counter{from: from}
	gz, err := gzip.NewReader(bufio.NewReader(counted))
	if err != nil {
		return nil, errors.New("it is no bundle: not gzip; make one with kubectl mesh-tls bundle")
	}
	r := &Reader{meter: &meter{from: gz, packed: counted}}
	r.tar = tar.NewReader(r.meter)
	if err := r.first(manifestFile, &r.Manifest); err != nil {
		return nil, err
	}
	if m := r.Manifest; m.APIVersion != APIVersion || m.Kind != Kind {
		return nil, fmt.Errorf("it is %q of %q: this version reads kind %s of %s", m.Kind, m.APIVersion, Kind, APIVersion)
	}
	if len(r.Manifest.Targets) > maxTargets {
		return nil, fmt.Errorf("it names more than %d targets", maxTargets)
	}
	return r, r.first(objectsFile, &r.Objects)
}

func (r *Reader) first(name string, into any) error {
	h, err := r.tar.Next()
	if err != nil {
		return inWords(err)
	}
	if h.Name != name || h.Typeflag != tar.TypeReg {
		return fmt.Errorf("it is no bundle: %q stands where %s should", short(h.Name), name)
	}
	text, err := r.content(h, maxEntry)
	if err != nil {
		return err
	}
	return decode(name, text, into)
}

// decode says of what does not fit only where, not what it is: it may be a key or a password.
func decode(name string, text []byte, into any) error {
	err := json.Unmarshal(text, into)
	var typed *json.UnmarshalTypeError
	switch {
	case err == nil, errors.Is(err, errObjects):
		return err
	case errors.As(err, &typed) && typed.Field != "":
		return fmt.Errorf("%s in it is not what this tool writes (%s is of another type): make the bundle again", name, short(typed.Field))
	}
	return fmt.Errorf("%s in it is not what this tool writes: make the bundle again", name)
}

// Next gives the next target, and io.EOF after the last.
func (r *Reader) Next() (*Saved, error) {
	s := &Saved{files: map[string][]byte{}}
	folder, left := "", int64(maxTarget)
	for {
		h, err := r.tar.Next()
		if errors.Is(err, io.EOF) && folder == "" {
			return nil, r.ended()
		}
		if err != nil {
			return nil, inWords(err)
		}
		part := entryName.FindStringSubmatch(h.Name)
		if part == nil || h.Typeflag != tar.TypeReg || folder != "" && part[1] != folder {
			return nil, fmt.Errorf("it is no bundle of this tool: %q stands in it at a wrong place", short(h.Name))
		}
		folder = part[1]
		text, err := r.content(h, min(left, maxEntry))
		if err != nil {
			return nil, err
		}
		left -= int64(len(text))
		if part[2] != targetFile {
			s.files[part[2]] = text
			continue
		}
		if err := decode(h.Name, text, &s.Target); err != nil {
			return nil, err
		}
		if r.seen++; r.seen > len(r.Manifest.Targets) {
			return nil, errors.New("it holds more targets than its manifest names")
		}
		return s, nil
	}
}

// ended demands that everything was there, to the last byte of the gzip.
func (r *Reader) ended() error {
	if _, err := io.Copy(io.Discard, r.meter); err != nil {
		return inWords(err)
	}
	if want := len(r.Manifest.Targets); r.seen != want {
		return fmt.Errorf("it is not whole: %d of %d targets are in it; make it again", r.seen, want)
	}
	return io.EOF
}

func (r *Reader) content(h *tar.Header, most int64) ([]byte, error) {
	if h.Size > most {
		return nil, fmt.Errorf("%q in it is too large: %d bytes", short(h.Name), h.Size)
	}
	text := make([]byte, h.Size)
	if _, err := io.ReadFull(r.tar, text); err != nil {
		return nil, inWords(err)
	}
	return text, nil
}

func short(name string) string {
	if len(name) > 100 {
		name = name[:100] + "..."
	}
	return strings.ToValidUTF8(name, "?")
}

func inWords(err error) error {
	switch {
	case errors.Is(err, errBomb):
		return errBomb
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("it is cut off: the file ends in the middle; copy or make it again")
	case errors.Is(err, gzip.ErrChecksum), errors.Is(err, gzip.ErrHeader):
		return errors.New("it is damaged: its checksum does not fit; copy or make it again")
	}
	return fmt.Errorf("it is damaged: %w", err)
}
