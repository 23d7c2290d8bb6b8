package build

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/mesh-tls/kubectl-mesh-tls/e2e/lab/internal/host"
)

// debianPackages are in the pods' images: what istio-init and the sidecar
// need, and what tests use by hand (clients, servers, a look at the wire).
const debianPackages = "ca-certificates,iptables,curl,redis-tools,iproute2,openssl,tcpdump,socat,procps,python3"

// needs are the machine's own packages, each with the file or command that
// shows that it is there. None of them starts a service; Debian's redis-server
// would, so the program of the same name inside redis-tools is used.
var needs = []struct{ pkg, proof string }{
	{"runc", "runc"},
	{"containernetworking-plugins", "/usr/lib/cni/bridge"},
	{"iptables", "iptables"},
	{"iproute2", "ip"},
	{"util-linux", "nsenter"},
	{"debootstrap", "debootstrap"},
	{"redis-tools", "redis-check-rdb"},
	{"openssl", "openssl"},
	{"python3-pip", ""},
}

// packages installs what this machine lacks.
func (b *builder) packages(ctx context.Context) error {
	var missing []string
	for _, n := range needs {
		if !present(ctx, n.proof) {
			missing = append(missing, n.pkg)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	list := strings.Join(missing, " ")
	if _, err := exec.LookPath("apt-get"); err != nil {
		return fmt.Errorf("this machine lacks %s and has no apt-get: install what these Debian packages hold", list)
	}
	b.progress.say("installing " + list)
	env := append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
	if _, err := host.Run(ctx, env, "apt-get", "update", "-qq"); err != nil {
		b.progress.say("the package lists could not be updated, trying with the old ones: " + err.Error())
	}
	args := append([]string{"install", "-y", "-qq", "--no-install-recommends"}, missing...)
	if _, err := host.Run(ctx, env, "apt-get", args...); err != nil {
		return explain(fmt.Errorf("install %s: %w", list, err))
	}
	return nil
}

func present(ctx context.Context, proof string) bool {
	switch {
	case proof == "":
		_, err := host.Run(ctx, nil, "python3", "-m", "pip", "--version")
		return err == nil
	case strings.HasPrefix(proof, "/"):
		return exists(proof)
	}
	_, err := exec.LookPath(proof)
	return err == nil
}

// debian unpacks the root file system of the images.
func (b *builder) debian(ctx context.Context) error {
	staged := b.cache.stage("rootfs")
	if err := clearTree(staged); err != nil { // debootstrap cannot continue half a tree
		return err
	}
	args := []string{"--variant=minbase", "--include=" + debianPackages, Suite, staged}
	if m := mirror(ctx); m != "" {
		args = append(args, m)
	}
	if err := debootstrap(ctx, args); err != nil {
		err = errors.Join(err, unmount(staged))
		if log, _ := os.ReadFile(filepath.Join(staged, "debootstrap/debootstrap.log")); len(log) > 0 {
			err = fmt.Errorf("%w: %s", err, log[max(0, len(log)-500):])
		}
		return explain(fmt.Errorf("unpack Debian %s: %w", Suite, err))
	}
	return os.Rename(staged, b.cache.rootfs())
}

// debootstrap is asked to end, not killed, so that it ends its own children;
// the kernel asks it when this process is killed (it looks at the thread that
// started it, which therefore must stay).
func debootstrap(ctx context.Context, args []string) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cmd := exec.CommandContext(ctx, "debootstrap", args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 20 * time.Second
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("debootstrap: %w: %s", err, out[max(0, len(out)-500):])
	}
	return nil
}

// clearTree removes a tree, after whatever is still mounted inside.
func clearTree(tree string) error {
	if err := unmount(tree); err != nil {
		return err
	}
	return os.RemoveAll(tree)
}

// unmount removes the mounts that an interrupted debootstrap leaves in a tree.
func unmount(tree string) error {
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		return fmt.Errorf("read the mounts: %w", err)
	}
	for _, at := range host.MountsBelow(string(mounts), tree) {
		if err := syscall.Unmount(at, syscall.MNT_DETACH); err != nil {
			return fmt.Errorf("unmount %s, left by an interrupted build: %w", at, err)
		}
	}
	return nil
}

// mirror is where apt gets the same suite from, so that a machine set to use
// a mirror uses it here, too. Empty means debootstrap's own default.
func mirror(ctx context.Context) string {
	out, err := host.Run(ctx, nil, "apt-get", "indextargets", "--format", "$(CODENAME) $(COMPONENT) $(REPO_URI)", "Created-By: Packages")
	if err != nil {
		return ""
	}
	return pickMirror(out, Suite)
}

// pickMirror reads lines of "suite component address".
func pickMirror(targets, suite string) string {
	for _, line := range strings.Split(targets, "\n") {
		f := strings.Fields(line)
		if len(f) == 3 && f[0] == suite && f[1] == "main" && strings.HasPrefix(f[2], "http") {
			return f[2]
		}
	}
	return ""
}

// redis gives the server of redis-tools its name: one program serves and
// checks, and decides by the name that it is called by.
func (b *builder) redis(context.Context) error {
	found, err := exec.LookPath("redis-server")
	if err != nil {
		if found, err = exec.LookPath("redis-check-rdb"); err != nil {
			return fmt.Errorf("find a Redis server: %w: install redis-tools", err)
		}
	}
	link := filepath.Join(b.cache.Bin(), "redis-server")
	os.Remove(link)
	return os.Symlink(found, link)
}
