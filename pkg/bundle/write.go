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
	most limits
}

// limits are what a Reader takes: nothing is written that none would.
type limits struct {
	entry, target    int // bytes
	targets, objects int
}

// NewWriter begins a bundle with its manifest and the objects. The caller closes
// it; without Close it is not whole. The error also tells of more targets or objects
// than a Reader takes.
func NewWriter(to io.Writer, m Manifest, objects Objects) (*Writer, error) {
	return newWriter(to, m, objects, limits{maxEntry, maxTarget, maxTargets, maxObjects})
}

func newWriter(to io.Writer, m Manifest, objects Objects, most limits) (*Writer, error) {
	if n := len(m.Targets); n > most.targets {
		return nil, fmt.Errorf("write the bundle: %d proxies are more than the %d that one takes: make several, each of some namespaces (-n) or labels (-l)", n, most.targets)
	}
	if n := len(objects.Items); n > most.objects {
		return nil, fmt.Errorf("write the bundle: the cluster has %d rules and Services, more than the %d that one takes: verify live, with kubectl mesh-tls verify", n, most.objects)
	}
	gz := gzip.NewWriter(to)
	w := &Writer{gz: gz, tar: tar.NewWriter(gz), at: m.CreatedAt, most: most}
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

// Add writes what was seen of one proxy; the recorder may be nil when nothing was. Of a proxy whose answers are too large
// for a Reader it leaves them out, and puts into t.Error why, and what to do.
func (w *Writer) Add(t *Target, r *Recorder) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	t.clean()
	t.Answers = []Answer{}
	files := map[string][]byte{}
	if r != nil {
		saved := r.Replay()
		t.Answers, files = append(t.Answers, saved.answers...), saved.files
	}
	text, err := marshal(targetFile, t)
	if err != nil {
		return err
	}
	size := len(text)
	for _, answer := range files {
		size += len(answer)
	}
	if size > w.most.target || len(text) > w.most.entry {
		t.leaveOut(size, w.most.target)
		files = nil
		if text, err = marshal(targetFile, t); err != nil {
			return err
		}
	}
	folder := fmt.Sprintf("targets/%06d/", w.next)
	w.next++
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := w.file(folder+name, files[name]); err != nil {
			return err
		}
	}
	return w.file(folder+targetFile, text)
}

// clean takes what may be secrets out of a target's texts.
func (t *Target) clean() {
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
}

// leaveOut empties a target that is too large.
func (t *Target) leaveOut(size, most int) {
	t.Answers, t.Probes, t.CAs = []Answer{}, nil, nil
	if t.Error != "" {
		t.Error += "; "
	}
	t.Error += fmt.Sprintf("its answers and probes have %d bytes, and a bundle takes %d of one proxy: save its config_dump?include_eds with curl or pilot-agent request, and give that to kubectl mesh-tls verify --dump", size, most)
}

func (w *Writer) json(name string, v any) error {
	text, err := marshal(name, v)
	if err != nil {
		return err
	}
	return w.file(name, text)
}

func marshal(name string, v any) ([]byte, error) {
	text, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		return nil, fmt.Errorf("write %s of the bundle: %w", name, err)
	}
	return text, nil
}

func (w *Writer) file(name string, text []byte) error {
	if len(text) > w.most.entry {
		return fmt.Errorf("write %s of the bundle: it has %d bytes, more than the %d that a bundle takes: verify live, with kubectl mesh-tls verify, or make bundles of fewer namespaces", name, len(text), w.most.entry)
	}
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
