// Package plan decides, without touching the machine, what an instance of the
// lab is called, which addresses it uses and where its files lie. It must not
// read or change anything outside its arguments.
package plan

import (
	"fmt"
	"regexp"
)

// MaxIndex is the highest index: every index takes one /24 of pods, one /16 of
// services and one /30 link out of 10.0.0.0/8.
const MaxIndex = 9

// An interface name has at most 15 bytes, and "mlab-" and "to-" go before the
// instance's name.
var nameRule = regexp.MustCompile(`^[a-z][a-z0-9]{0,7}$`)

// Instance is one cluster of the lab. The zero value is not valid.
type Instance struct {
	Name    string `json:"name"`
	Index   int    `json:"index"`
	Gateway bool   `json:"gateway"`
	Ready   bool   `json:"ready"` // its start went through to the end
}

// Validate reports the first field that cannot be used, and what would do.
func (i Instance) Validate() error {
	if err := CheckName(i.Name); err != nil {
		return err
	}
	if i.Index < 0 || i.Index > MaxIndex {
		return fmt.Errorf("index %d is out of range: use 0 to %d", i.Index, MaxIndex)
	}
	return nil
}

// CheckName says whether name can name an instance.
func CheckName(name string) error {
	if !nameRule.MatchString(name) {
		return fmt.Errorf("instance name %q: use 1 to 8 lower-case letters and digits, a letter first", name)
	}
	return nil
}

// FreeIndex returns the lowest index that no instance in used has.
func FreeIndex(used []Instance) (int, error) {
	taken := map[int]bool{}
	for _, u := range used {
		taken[u.Index] = true
	}
	for i := 0; i <= MaxIndex; i++ {
		if !taken[i] {
			return i, nil
		}
	}
	return 0, fmt.Errorf("all %d indexes are in use: take an instance down first (lab status, lab down NAME)", MaxIndex+1)
}
