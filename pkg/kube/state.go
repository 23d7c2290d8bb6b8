package kube

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// podState is what tells one life of a proxy from the next.
type podState struct {
	uid         string
	containerID string
	restarts    int32
	adminPort   int    // 0: the pod names none
	down        string // why the container does not run, "" when it does
}

func stateOf(p *corev1.Pod, container string) podState {
	s := podState{uid: string(p.UID), adminPort: adminPortOf(p, container)}
	switch {
	case p.DeletionTimestamp != nil:
		s.down = "the pod is being deleted"
	case p.Status.Phase != corev1.PodRunning:
		s.down = "the pod is " + string(p.Status.Phase)
	}
	for _, cs := range statuses(p) {
		if cs.Name != container {
			continue
		}
		s.containerID, s.restarts = cs.ContainerID, cs.RestartCount
		if w := cs.State.Waiting; w != nil {
			s.down = fmt.Sprintf("container %s waits: %s", container, join(": ", w.Reason, w.Message))
		}
		if t := cs.State.Terminated; t != nil {
			s.down = fmt.Sprintf("container %s ended: %s, exit code %d", container, t.Reason, t.ExitCode)
		}
	}
	return s
}

func (c *Client) remember(p *corev1.Pod, container string) podState {
	s := stateOf(p, container)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pods[p.Namespace+"/"+p.Name] = s
	return s
}

// state gives what is known of a target, asking once when nothing is.
func (c *Client) state(ctx context.Context, t facts.Target) (podState, error) {
	c.mu.Lock()
	s, ok := c.pods[t.String()]
	c.mu.Unlock()
	if ok {
		return s, nil
	}
	p, err := c.getPod(ctx, t.Namespace, t.Pod)
	if err != nil {
		return podState{}, err
	}
	return c.remember(&p, t.Container), nil
}

// explainTimeout bounds the look at the pod after something failed.
const explainTimeout = 3 * time.Second

// changed looks at the pod again and says how it differs from the state seen
// before; "" when it is still the same life of the same proxy. The second
// result is true when the look itself worked.
func (c *Client) changed(ctx context.Context, t facts.Target, before podState) (string, bool) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), explainTimeout)
	defer cancel()
	p, err := c.getPod(ctx, t.Namespace, t.Pod)
	if apierrors.IsNotFound(err) {
		return "the pod was deleted meanwhile", true
	}
	if err != nil {
		return "", false
	}
	now := stateOf(&p, t.Container)
	switch {
	case now.uid != before.uid:
		return "the pod was replaced meanwhile by another of the same name", true
	case now.restarts != before.restarts || (now.containerID != before.containerID && before.containerID != ""):
		return join("; ", fmt.Sprintf("its proxy restarted meanwhile (restarts: %d before, %d now)", before.restarts, now.restarts), now.down), true
	}
	return now.down, true
}
