package intent

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"unicode"
)

// ErrNoPort says that a target was given without a port.
var ErrNoPort = errors.New("a port is needed")

const maxHost = 253 // RFC 1035, without the trailing dot

// ParseHostPort reads HOST:PORT as typed: a DNS name (lower-cased, a trailing
// dot dropped), a wildcard "*.x", an IPv4 address or an IPv6 address in
// brackets. Whether an intent may have such a host is for Validate to say.
func ParseHostPort(s string) (host string, port int, err error) {
	if strings.Contains(s, "://") {
		return "", 0, fmt.Errorf("target %q is a URL: give HOST:PORT, without scheme and path", s)
	}
	name, number, found := cutPort(s)
	if !found {
		return "", 0, fmt.Errorf("target %q: %w: give HOST:PORT, for example %s", s, ErrNoPort, example(s))
	}
	if port, err = ParsePort(number); err != nil {
		return "", 0, fmt.Errorf("target %q: %w", s, err)
	}
	host, err = ParseHost(name)
	if err != nil {
		return "", 0, fmt.Errorf("target %q: %w", s, err)
	}
	return host, port, nil
}

// ParseHostPorts reads HOST, HOST:PORT or HOST:PORT,PORT; without a port the list is
// empty, so that flags can name them. Otherwise as ParseHostPort.
func ParseHostPorts(s string) (host string, ports []int, err error) {
	first, more, several := strings.Cut(s, ",")
	host, port, err := ParseHostPort(first)
	if errors.Is(err, ErrNoPort) && !several && !strings.HasSuffix(s, ":") {
		host, err = ParseHost(s)
		return host, nil, err
	}
	if err != nil {
		return "", nil, err
	}
	ports = []int{port}
	for number := range strings.SplitSeq(more, ",") {
		if !several {
			break
		}
		if port, err = ParsePort(number); err != nil {
			return "", nil, fmt.Errorf("target %q: %w", s, err)
		}
		ports = append(ports, port)
	}
	return host, ports, nil
}

// ParsePort reads one port number.
func ParsePort(s string) (int, error) {
	port, err := strconv.Atoi(s)
	if err != nil || port < 1 || port > 65535 || s[0] == '+' {
		return 0, fmt.Errorf("port %q is not a number from 1 to 65535", s)
	}
	return port, nil
}

// cutPort splits at the port's colon; an IPv6 address needs brackets, else its
// last group would be taken for the port.
func cutPort(s string) (host, port string, found bool) {
	if rest, ok := strings.CutPrefix(s, "["); ok {
		host, port, ok = strings.Cut(rest, "]:")
		return host, port, ok && port != ""
	}
	if strings.Count(s, ":") != 1 {
		return s, "", false
	}
	host, port, _ = strings.Cut(s, ":")
	return host, port, port != ""
}

func example(s string) string {
	if address := strings.Trim(s, "[]"); strings.Contains(address, ":") && isIP(address) {
		return "[" + address + "]:6379"
	}
	s = strings.Trim(s, "[]:")
	switch {
	case s == "":
		return "redis.example.com:6379"
	case strings.Contains(s, ":"):
		return "[" + s + "]:6379"
	}
	return s + ":6379"
}

// ParseHost reads one host name or IP address and gives it in the one form that
// an intent holds: lower case, no trailing dot, no brackets.
func ParseHost(s string) (string, error) {
	host := strings.ToLower(strings.TrimSuffix(strings.Trim(s, "[]"), "."))
	if addr, err := netip.ParseAddr(host); err == nil {
		return addr.String(), nil
	}
	if err := checkName(strings.TrimPrefix(host, "*.")); err != nil {
		return "", fmt.Errorf("host %q %w", s, err)
	}
	return host, nil
}

// checkName tells what is wrong with a DNS name, as the end of a sentence.
func checkName(name string) error {
	switch {
	case name == "":
		return errors.New("is empty")
	case len(name) > maxHost:
		return fmt.Errorf("is longer than %d characters", maxHost)
	}
	parts := strings.Split(name, ".")
	for _, part := range parts {
		if !isLabel(part) && strings.IndexFunc(part, func(r rune) bool { return r > unicode.MaxASCII }) >= 0 {
			return fmt.Errorf("is no DNS name: its part %q must be written in ASCII, as DNS and certificates have it (xn--...)", part)
		}
		if !isLabel(part) {
			return fmt.Errorf("is no DNS name: its part %q is not 1 to 63 lower-case letters, digits and inner dashes", part)
		}
	}
	if last := parts[len(parts)-1]; isDigits(last) {
		return fmt.Errorf("is no DNS name: its last part %q is a number", last)
	}
	return nil
}

func isIP(host string) bool {
	_, err := netip.ParseAddr(host)
	return err == nil
}
