package build

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mesh-tls/kubectl-mesh-tls/e2e/lab/internal/host"
)

// wordpressExtra is the name of the extra: WordPress, PHP and a MariaDB server.
const wordpressExtra = "wordpress"

// wordpressPackages are Debian's of the pinned suite, with the libraries that the pods'
// images lack. They are unpacked, not installed: no service starts, and the images,
// which every test has, do not grow. Pods mount the tree.
var wordpressPackages = []string{
	"mariadb-server-core", "mariadb-client-core", "mariadb-common", "libaio1", "libnuma1", "liburing2", "libncurses6", "libedit2", "libbsd0",
	"php8.2-cli", "php8.2-common", "php8.2-mysql", "libxml2", "libicu72", "libsodium23", "libargon2-1", "wordpress",
}

// Wordpress is the tree of the extra of that name.
func (c Cache) Wordpress() string { return filepath.Join(string(c), "wordpress") }

// wordpressList is in the tree and tells what it was made of.
func (c Cache) wordpressList() string { return filepath.Join(c.Wordpress(), ".packages") }

// lacksWordpress tells whether the extra is asked for and not there, or of another list.
func (b *builder) lacksWordpress() bool {
	if !slices.Contains(b.with, wordpressExtra) {
		return false
	}
	made, err := os.ReadFile(b.cache.wordpressList())
	return err != nil || string(made) != strings.Join(wordpressPackages, "\n")
}

// wordpress gets the packages as apt is set up for the suite, and unpacks them.
func (b *builder) wordpress(ctx context.Context) error {
	staged, debs := b.cache.stage("wordpress"), b.cache.stage("debs")
	for _, dir := range []string{staged, debs} {
		if err := os.RemoveAll(dir); err != nil {
			return err
		}
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	var wanted []string
	for _, p := range wordpressPackages {
		wanted = append(wanted, p+"/"+Suite)
	}
	get := append([]string{"-C", debs, "apt-get", "download", "-qq"}, wanted...)
	if _, err := host.Run(ctx, os.Environ(), "env", get...); err != nil {
		if _, err := host.Run(ctx, os.Environ(), "apt-get", "update", "-qq"); err != nil {
			return explain(fmt.Errorf("read Debian's package lists: %w", err))
		}
		if _, err := host.Run(ctx, os.Environ(), "env", get...); err != nil {
			return explain(fmt.Errorf("get WordPress and MariaDB of Debian %s (apt must know that suite): %w", Suite, err))
		}
	}
	files, err := filepath.Glob(filepath.Join(debs, "*.deb"))
	if err != nil || len(files) != len(wordpressPackages) {
		return fmt.Errorf("get WordPress and MariaDB: %d of %d packages came: %w", len(files), len(wordpressPackages), err)
	}
	for _, f := range files {
		if _, err := host.Run(ctx, nil, "dpkg-deb", "-x", f, staged); err != nil {
			return fmt.Errorf("unpack %s: %w", filepath.Base(f), err)
		}
	}
	if err := os.WriteFile(filepath.Join(staged, ".packages"), []byte(strings.Join(wordpressPackages, "\n")), 0o644); err != nil {
		return err
	}
	if err := os.RemoveAll(b.cache.Wordpress()); err != nil {
		return err
	}
	return os.Rename(staged, b.cache.Wordpress())
}
