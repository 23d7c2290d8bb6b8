package kube

import (
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/transport"
)

// wrap puts with around the transport of every client of these flags, outside of what was put there before.
func wrap(flags *genericclioptions.ConfigFlags, with transport.WrapperFunc) {
	before := flags.WrapConfigFn
	flags.WrapConfigFn = func(c *rest.Config) *rest.Config {
		if before != nil {
			c = before(c)
		}
		c.Wrap(with)
		return c
	}
}
