package kube

import (
	"fmt"
	"strings"
	"sync"

	"github.com/spf13/pflag"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/transport"
)

// Flags are kubectl's flags that say which cluster is meant, and as whom. cli-runtime's ConfigFlags are the same names on
// top of the same clientcmd; with them come kustomize, OpenAPI and every type of Kubernetes' API, of which nothing is
// used here: a third of a build's time, and half of the program's.
type Flags struct {
	clientcmd.ConfigOverrides
	KubeConfig string

	userExtra []string // KEY=VALUE
	wrap      []transport.WrapperFunc
	once      sync.Once
	loader    clientcmd.ClientConfig
}

// NewFlags gives flags of which none is set.
func NewFlags() *Flags {
	return &Flags{ConfigOverrides: clientcmd.ConfigOverrides{ClusterDefaults: clientcmd.ClusterDefaults}}
}

// AddFlags binds them to a set of flags, under the names that kubectl has for them.
func (f *Flags) AddFlags(fs *pflag.FlagSet) {
	names := clientcmd.RecommendedConfigOverrideFlags("")
	names.ClusterOverrideFlags.APIServer.ShortName = "s"
	names.AuthOverrideFlags.Username, names.AuthOverrideFlags.Password = clientcmd.FlagInfo{}, clientcmd.FlagInfo{} // kubectl has them no more
	clientcmd.BindOverrideFlags(&f.ConfigOverrides, fs, names)
	fs.StringVar(&f.KubeConfig, "kubeconfig", f.KubeConfig, "Path to the kubeconfig file to use for CLI requests.")
	fs.StringArrayVar(&f.userExtra, "as-user-extra", nil, "User extras to impersonate for the operation, KEY=VALUE; this flag can be repeated to specify multiple values for the same key.")
	fs.String("cache-dir", "", "Taken as kubectl takes it; nothing is cached")
}

// Loader reads the kubeconfig, when it is first asked, with what the flags say put over it. They are set before the first call.
func (f *Flags) Loader() clientcmd.ClientConfig {
	f.once.Do(func() {
		rules := clientcmd.NewDefaultClientConfigLoadingRules()
		rules.ExplicitPath = f.KubeConfig
		f.loader = clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, &f.ConfigOverrides)
	})
	return f.loader
}

// restConfig is what the flags and the kubeconfig come to.
func (f *Flags) restConfig() (*rest.Config, error) {
	if err := f.addExtra(); err != nil {
		return nil, err
	}
	c, err := f.Loader().ClientConfig()
	if err != nil {
		return nil, err
	}
	return f.wrapped(c), nil
}

// wrapped is a configuration whose clients do what Dates and Trace say.
func (f *Flags) wrapped(c *rest.Config) *rest.Config {
	for _, wrap := range f.wrap {
		c.Wrap(wrap)
	}
	return c
}

func (f *Flags) addExtra() error {
	extra := map[string][]string{}
	for _, typed := range f.userExtra {
		key, value, ok := strings.Cut(typed, "=")
		if !ok {
			return fmt.Errorf("--as-user-extra %q is not KEY=VALUE", typed)
		}
		extra[key] = append(extra[key], value)
	}
	if len(extra) > 0 {
		f.AuthInfo.ImpersonateUserExtra = extra
	}
	return nil
}
