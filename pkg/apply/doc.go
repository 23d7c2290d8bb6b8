// Package apply writes objects to a cluster by server-side apply, deletes what
// carries our owner label, and takes back what it wrote. It knows nothing of
// Istio or TLS: it takes objects and returns changes. It never overwrites or
// deletes an object of someone else, unless told to adopt it, and never logs
// an object's content.
package apply
