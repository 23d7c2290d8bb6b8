package envoy

import (
	"context"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

type wireListenerStatus struct {
	Name    string        `json:"name"`
	Address wireAddress   `json:"local_address"`
	More    []wireAddress `json:"additional_local_addresses"`
}

// readStrays asks for listeners of the ports that were not read yet: those whose names do not tell their port, as Istio's
// do, and static ones. Anybody may add one, and the one with the address that is called takes the call. The list of all is
// short: names and addresses. Where there is no such list, or not all of it is understood, all are read.
func (c *collector) readStrays(ctx context.Context, g Getter, ports []int) error {
	var names []string
	listed := false
	err := answer(ctx, g, "/listeners?format=json", func(r io.Reader) error {
		text, err := sniff(r)
		if err != nil {
			return err
		}
		w := c.walker(text, "")
		return w.members(func(member string) error {
			if member != "listenerstatuses" {
				return w.skip()
			}
			return w.list(func() error {
				raw, err := w.element()
				if err != nil {
					return err
				}
				name, at, err := strayAt(raw, ports)
				if listed = true; at && !slices.ContainsFunc(c.listeners, func(l listener) bool { return l.name == name }) {
					names = append(names, regexp.QuoteMeta(name))
				}
				return err
			})
		})
	})
	switch {
	case err != nil, !listed, len(names) > maxHosts: // a proxy whose listeners are asked for has some
		return c.resources(ctx, g, partListeners, "", "dynamic_listeners", "static_listeners")
	case len(names) == 0:
		return nil
	}
	return c.resources(ctx, g, partListeners, "("+strings.Join(names, "|")+")", "dynamic_listeners", "static_listeners")
}

// strayAt gives the name of a listener, and whether it has one of the ports, or none that is told.
func strayAt(raw jsontext.Value, ports []int) (string, bool, error) {
	w, err := decode[wireListenerStatus](raw)
	if err != nil {
		return "", false, fmt.Errorf("an entry of the list of listeners could not be decoded: %w", wrongPart(err))
	}
	return w.Name, slices.ContainsFunc(append(w.More, w.Address), func(a wireAddress) bool {
		return a.String() == "" || slices.Contains(ports, int(a.Socket.Port))
	}), nil
}
