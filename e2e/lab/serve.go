package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/mesh-tls/kubectl-mesh-tls/e2e/lab/internal/fixture"
	"github.com/mesh-tls/kubectl-mesh-tls/e2e/lab/internal/host"
	"github.com/mesh-tls/kubectl-mesh-tls/e2e/lab/internal/pki"
)

func (l *lab) serve(ctx context.Context, args []string) error {
	if len(args) < 2 {
		return fmt.Errorf("serve: give an instance and a server: run \"lab help\"")
	}
	if err := host.Check(); err != nil {
		return err
	}
	c, err := l.load(args[0])
	if err != nil {
		return err
	}
	if args[1] == "stop" {
		return l.stop(ctx, args[0], args[2:])
	}
	s, err := serverArgs(args[1], args[2:])
	if err != nil {
		return err
	}
	s.Address = c.Node()
	ca, err := fixture.Serve(ctx, c.Run, c, s, l.now())
	if err != nil {
		return err
	}
	fmt.Fprintf(l.diag, "lab: %s: serves %s\n", c.Name, s)
	if ca != "" {
		fmt.Fprintf(l.diag, "lab: %s: its CA is %s\n", c.Name, ca)
	}
	return nil
}

// serverArgs reads what follows "serve NAME".
func serverArgs(kind string, args []string) (fixture.Server, error) {
	port, httpPort := 16222, 0
	if kind == "web" {
		port, httpPort = 443, 80
	}
	s := fixture.Server{Kind: kind}
	fs := flags("serve " + kind)
	fs.StringVar(&s.Host, "host", "", "")
	fs.IntVar(&s.Port, "port", port, "")
	if kind == "web" {
		fs.IntVar(&s.HTTPPort, "http-port", httpPort, "")
	}
	fs.StringVar(&s.Cert, "cert", "", "")
	fs.StringVar(&s.Key, "key", "", "")
	fs.StringVar(&s.ClientCA, "client-ca", "", "")
	fs.StringVar(&s.Password, "password", "", "")
	fs.BoolVar(&s.Plain, "plain", false, "")
	if _, err := parse(fs, args, 0, 0); err != nil {
		return s, err
	}
	return s, s.Validate()
}

func (l *lab) stop(ctx context.Context, name string, args []string) error {
	fs := flags("serve stop")
	port := fs.Int("port", 0, "")
	rest, err := parse(fs, args, 1, 1)
	if err != nil {
		return err
	}
	c, err := l.load(name)
	if err != nil {
		return err
	}
	n, err := fixture.Stop(ctx, c.Run, rest[0], *port)
	fmt.Fprintf(l.diag, "lab: %s: stopped %d %s\n", name, n, rest[0])
	return err
}

func (l *lab) name(_ context.Context, args []string) error {
	fs := flags("name")
	ip := fs.String("ip", "", "")
	rest, err := parse(fs, args, 2, 2)
	if err != nil {
		return err
	}
	c, err := l.load(rest[0])
	if err != nil {
		return err
	}
	if *ip == "" {
		*ip = c.Node()
	}
	return fixture.SetName(c.Run, rest[1], *ip)
}

func (l *lab) certs(_ context.Context, args []string) error {
	fs := flags("certs")
	ca := fs.String("ca", "", "")
	hosts := fs.String("host", "", "")
	days := fs.Int("days", 30, "")
	expired := fs.Bool("expired", false, "")
	rest, err := parse(fs, args, 1, 1)
	if err != nil {
		return err
	}
	if *ca == "" || *hosts == "" {
		return fmt.Errorf("certs: give --ca NAME and --host HOST")
	}
	list := strings.Split(*hosts, ",")
	cert, key := filepath.Join(rest[0], list[0]+".pem"), filepath.Join(rest[0], list[0]+".key")
	file, err := pki.Make(pki.Request{Dir: rest[0], CA: *ca, Hosts: list, Days: *days, Expired: *expired, Cert: cert, Key: key}, l.now())
	if err != nil {
		return err
	}
	fmt.Fprintf(l.out, "%s\n%s\n%s\n", file, cert, key)
	return nil
}

// webServer is what "serve NAME web" starts in the namespace.
func (l *lab) webServer(ctx context.Context, args []string) error {
	rest, err := parse(flags("web-server"), args, 1, 1)
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stdout, "serving %s\n", rest[0])
	return fixture.Web(ctx, rest[0])
}
