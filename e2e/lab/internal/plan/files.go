package plan

import (
	"path/filepath"
)

// Dirs are the two directories of the lab, both outside the project's tree.
type Dirs struct {
	Cache string // built parts, one directory per key
	State string // one directory per instance
}

// NewDirs follows the XDG base directory specification. getenv is os.Getenv;
// home is used where the XDG variables are empty or relative (the
// specification wants relative ones ignored).
func NewDirs(getenv func(string) string, home string) Dirs {
	pick := func(variable, fallback string) string {
		if d := getenv(variable); filepath.IsAbs(d) {
			return filepath.Join(d, "mesh-tls-lab")
		}
		return filepath.Join(home, fallback, "mesh-tls-lab")
	}
	return Dirs{Cache: pick("XDG_CACHE_HOME", ".cache"), State: pick("XDG_STATE_HOME", ".local/state")}
}

// Run is the directory of one instance; every file of it lies below.
func (d Dirs) Run(name string) Run { return Run(filepath.Join(d.State, name)) }

// Run is an instance's directory.
type Run string

func (r Run) path(p string) string { return filepath.Join(string(r), p) }

// Path joins elements below the instance's directory.
func (r Run) Path(elem ...string) string { return r.path(filepath.Join(elem...)) }

// Kubeconfig is for use from outside the namespace.
func (r Run) Kubeconfig() string { return r.path("kubeconfig") }

// InsideKubeconfig is for the node's own processes.
func (r Run) InsideKubeconfig() string { return r.path("inside.kubeconfig") }

// Hosts is the file of names that CoreDNS serves.
func (r Run) Hosts() string { return r.path("hosts") }

// Logs holds one file per process, the latest run only.
func (r Run) Logs() string { return r.path("logs") }

// Pids holds one file per process of the instance.
func (r Run) Pids() string { return r.path("pids") }

// Fixtures holds one directory per server outside the mesh.
func (r Run) Fixtures() string { return r.path("fixtures") }

// Containerd is the socket of the instance's containerd.
func (r Run) Containerd() string { return r.path("node/containerd.sock") }

// Record is the file that says which instance this is.
func (r Run) Record() string { return r.path("instance.json") }
