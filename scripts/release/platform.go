package main

import (
	"fmt"
	"runtime"
	"strings"
)

var everywhere = []string{"linux/amd64", "linux/arm64", "darwin/amd64", "darwin/arm64", "windows/amd64", "windows/arm64"}

// platform is one pair of operating system and processor, in Go's words, which are also krew's.
type platform struct{ os, arch string }

func (p platform) String() string { return p.os + "/" + p.arch }

// bin is the program's file name: kubectl turns the dash of "kubectl mesh-tls" into an underscore.
func (p platform) bin() string {
	if p.os == "windows" {
		return "kubectl-mesh_tls.exe"
	}
	return "kubectl-mesh_tls"
}

// archive is the file name of the platform's archive. Windows opens zip files by itself and tar.gz files not.
func (p platform) archive(version string) string {
	ext := ".tar.gz"
	if p.os == "windows" {
		ext = ".zip"
	}
	return "kubectl-mesh_tls_" + version + "_" + p.os + "_" + p.arch + ext
}

func parsePlatforms(list string) ([]platform, error) {
	if list == "local" {
		return []platform{{runtime.GOOS, runtime.GOARCH}}, nil
	}
	var out []platform
	for _, s := range strings.Split(list, ",") {
		os, arch, ok := strings.Cut(s, "/")
		if !ok || os == "" || arch == "" {
			return nil, fmt.Errorf("the platform %q is not OS/ARCH: use some of %s, or local", s, strings.Join(everywhere, ","))
		}
		out = append(out, platform{os, arch})
	}
	return out, nil
}
