// Package status judges both ends of the mesh's connections: for each service, port,
// subset and external host what the server accepts, what the clients send, and what
// becomes of the two together. It takes facts and gives rows. It must not read
// anything, not ask for the time, and not print; the truth table of a single
// connection is pkg/check's (Meet), so that verify and status never disagree.
package status
