package pki

import (
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// Request says which files Make writes.
type Request struct {
	Dir     string // where the CA's files are, or will be: CA.pem and CA.key
	CA      string // its name
	Hosts   []string
	Days    int    // validity from now on
	Expired bool   // instead: ended a day ago
	Cert    string // file of the server's certificate; its key goes to Key
	Key     string
}

// Make issues a server certificate, by the CA in the directory or a new one,
// and returns the CA's file.
func Make(r Request, now time.Time) (ca string, err error) {
	if len(r.Hosts) == 0 || r.CA == "" || filepath.Base(r.CA) != r.CA {
		return "", fmt.Errorf("make certificates: give a plain name for the CA and at least one host")
	}
	if r.Days <= 0 && !r.Expired {
		return "", fmt.Errorf("make certificates: %d days is no validity: give at least 1, or ask for an expired one", r.Days)
	}
	if err := os.MkdirAll(r.Dir, 0o755); err != nil {
		return "", err
	}
	file := filepath.Join(r.Dir, r.CA+".pem")
	authority, err := openCA(r.CA, file, filepath.Join(r.Dir, r.CA+".key"), now)
	if err != nil {
		return "", err
	}
	// An hour before, for clocks that differ.
	leaf := Leaf{Hosts: r.Hosts, NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(0, 0, r.Days)}
	if r.Expired {
		leaf.NotBefore, leaf.NotAfter = now.AddDate(0, 0, -30), now.AddDate(0, 0, -1)
	}
	p, err := authority.Issue(leaf)
	if err != nil {
		return "", err
	}
	return file, p.Write(r.Cert, r.Key)
}

func openCA(name, cert, key string, now time.Time) (*CA, error) {
	c, errCert := os.ReadFile(cert)
	k, errKey := os.ReadFile(key)
	if errCert == nil && errKey == nil {
		return Load(Pair{c, k})
	}
	if errCert == nil || errKey == nil {
		return nil, fmt.Errorf("open CA %s: only one of %s and its key is there: remove it, or put the other one back", name, cert)
	}
	ca, pair, err := NewCA(name, now)
	if err != nil {
		return nil, err
	}
	return ca, pair.Write(cert, key)
}
