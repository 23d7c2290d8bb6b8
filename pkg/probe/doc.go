// Package probe makes one real TLS conversation with an upstream and records
// what was seen as a facts.Handshake: version, cipher, the server's
// certificates, whether it asks for a client certificate, and how it failed.
// It judges nothing (an expired certificate is recorded like any other), sends
// no byte of application data, knows nothing of Kubernetes, and never offers a
// client certificate.
package probe
