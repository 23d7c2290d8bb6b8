package bundle

import (
	"archive/tar"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/redact"
)

// Writer writes a bundle. Add may be called from several goroutines.
type Writer struct {
	mu   sync.Mutex
	gz   *gzip.Writer
	tar  *tar.Writer
	at   time.Time
	next int
}

// NewWriter begins a bundle with its manifest and the objects. The caller closes
// it; without Close it is not whole.
func NewWriter(to io.Writer, m Manifest, objects Objects) (*Writer, error) {
	gz := gzip.NewWriter(to)
	w := &Writer{gz: gz, tar: tar.NewWriter(gz), at: m.CreatedAt}
	m.APIVersion, m.Kind = APIVersion, Kind
	if m.Targets == nil {
		m.Targets = []string{}
	}
	if err := w.json(manifestFile, m); err != nil {
		return nil, err
	}
	objects.clean()
	return w, w.json(objectsFile, objects)
}

// Add writes what was seen of one proxy; the recorder may be nil when nothing was.
func (w *Writer) Add(t Target, r *Recorder) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	folder := fmt.Sprintf("targets/%06d/", w.next)
	w.next++
	t.Answers = []Answer{}
	if r != nil {
		saved := r.Replay()
		t.Answers = append(t.Answers, saved.answers...)
		for _, name := range slices.Sorted(maps.Keys(saved.files)) {
			if err := w.file(folder+name, saved.files[name]); err != nil {
				return err
			}
		}
	}
	t.Error, t.NoProbe = redact.Text(t.Error), redact.Text(t.NoProbe)
	for k, v := range t.Target.Annotations {
		t.Target.Annotations[k] = redact.Text(v)
	}
	for i := range t.Probes {
		t.Probes[i].ErrorText = redact.Text(t.Probes[i].ErrorText)
	}
	for name, ca := range t.CAs {
		ca.Problem, ca.Unread = redact.Text(ca.Problem), redact.Text(ca.Unread)
		t.CAs[name] = ca
	}
	return w.json(folder+targetFile, t)
}

func (w *Writer) json(name string, v any) error {
	text, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		return fmt.Errorf("write %s of the bundle: %w", name, err)
	}
	return w.file(name, text)
}

func (w *Writer) file(name string, text []byte) error {
	h := &tar.Header{Typeflag: tar.TypeReg, Name: name, Size: int64(len(text)), Mode: 0o600, ModTime: w.at}
	if err := w.tar.WriteHeader(h); err != nil {
		return fmt.Errorf("write %s of the bundle: %w", name, err)
	}
	if _, err := w.tar.Write(text); err != nil {
		return fmt.Errorf("write %s of the bundle: %w", name, err)
	}
	return nil
}

// Close ends the bundle; what it was written to stays open.
func (w *Writer) Close() error {
	if err := w.tar.Close(); err != nil {
		return fmt.Errorf("end the bundle: %w", err)
	}
	if err := w.gz.Close(); err != nil {
		return fmt.Errorf("end the bundle: %w", err)
	}
	return nil
}
