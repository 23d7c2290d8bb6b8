package kube

import (
	"strings"
	"testing"
)

// TestForbiddenPods: who may not look at pods is told who may not do what, in the server's words.
func TestForbiddenPods(t *testing.T) {
	c, _ := newClient(t, map[string]any{podsPath: 403, podsPath + "/web": 403})
	for _, args := range [][]string{nil, {"pod/web"}} {
		_, err := c.Resolve(t.Context(), "redis", args, "", false)
		if err == nil || !strings.Contains(err.Error(), "not allowed (fake: "+podsPath) {
			t.Errorf("%v: %v", args, err)
		}
	}
}
