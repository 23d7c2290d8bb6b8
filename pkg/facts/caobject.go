package facts

// CAObject is a CA as an object of the cluster holds it, from which Istio delivers it
// to proxies. It holds certificates only.
type CAObject struct {
	Object       Ref
	Certificates []Certificate
	Gone         bool   // there is no such object
	Problem      string // content that is no CA, in plain words
	Unread       string // why it could not be read
}
