//go:build e2e

package e2e

import (
	"flag"
	"os"
	"testing"
)

// parallel is how many tests run at once unless -parallel says otherwise: they wait for proxies most of the time,
// and the default is the number of cores.
const parallel = "6"

func TestMain(m *testing.M) {
	if setting := os.Getenv(serverVariable); setting != "" {
		beServer(setting)
		return
	}
	flag.Parse()
	chosen := false
	flag.Visit(func(f *flag.Flag) { chosen = chosen || f.Name == "test.parallel" })
	if !chosen {
		if err := flag.Set("test.parallel", parallel); err != nil {
			panic(err)
		}
	}
	m.Run()
}
