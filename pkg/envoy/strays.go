package envoy

import (
	"context"
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

// readStrays asks for listeners of the ports whose names do not tell their port, as Istio's do: anybody may add one, and
// the one with the address that is called takes the call. The list of all is short: names and addresses. Where there
// is no such list, all are read.
func (c *collector) readStrays(ctx context.Context, g Getter, ports []int) error {
	var names []string
	err := answer(ctx, g, "/listeners?format=json", func(r io.Reader) error {
		text, err := sniff(r)
		if err != nil {
			return err
		}
		w := c.walker(text, "")
		told := regexp.MustCompile(`^(` + portPattern(ports) + `)$`)
		return w.members(func(member string) error {
			if member != "listenerstatuses" {
				return w.skip()
			}
			return w.list(func() error {
				raw, err := w.element()
				if err != nil {
					return err
				}
				if name, at := strayAt(raw, ports); at && !told.MatchString(name) {
					names = append(names, regexp.QuoteMeta(name))
				}
				return nil
			})
		})
	})
	switch {
	case err == nil && len(names) == 0:
		return nil
	case err != nil, len(names) > maxHosts:
		return c.resources(ctx, g, partListeners, "", "dynamic_listeners", "static_listeners")
	}
	return c.resources(ctx, g, partListeners, "("+strings.Join(names, "|")+")", "dynamic_listeners", "static_listeners")
}

// strayAt gives the name of a listener, and whether it has one of the ports.
func strayAt(raw jsontext.Value, ports []int) (string, bool) {
	w, err := decode[wireListenerStatus](raw)
	return w.Name, err == nil && slices.ContainsFunc(append(w.More, w.Address), func(a wireAddress) bool { return slices.Contains(ports, int(a.Socket.Port)) })
}
