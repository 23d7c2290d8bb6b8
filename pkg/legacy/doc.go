// Package legacy reads what meshes of Istio 1.0 to 1.5 were configured with (Policy
// and MeshPolicy of authentication.istio.io/v1alpha1, DestinationRule v1alpha3) and
// writes today's objects. It is pure: it opens no file and asks no cluster. What it
// cannot translate it says, and never guesses; damaged text is an error that names
// file, line and column, never half an object.
package legacy
