// Package cert makes certificates, reads what openssl, step and cert-manager
// write, and tells whether the two ends of a mutual TLS connection fit. It is
// pure: no file, no cluster, no clock and no random source of its own. A private
// key lives in PrivateKey, which no printer shows; it leaves this package only by
// PrivateKey.PEM, for a file or a Secret that was asked for.
package cert
