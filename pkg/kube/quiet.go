package kube

import (
	"github.com/go-logr/logr"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/klog/v2"
)

// Quiet silences the logs of the client libraries, for the whole process: a
// stream that is closed while its other end still writes is no news for a user,
// and errors come back as errors.
func Quiet() {
	klog.SetLogger(logr.Discard())
	utilruntime.ErrorHandlers = nil
}
