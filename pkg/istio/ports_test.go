package istio

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func TestContainerPort(t *testing.T) {
	service := func(name, spec string) *unstructured.Unstructured {
		return object(t, "apiVersion: v1\nkind: Service\nmetadata: {name: "+name+", namespace: shop}\nspec: {"+spec+"}")
	}
	web := service("web", "selector: {app: web}, ports: [{port: 80, targetPort: 8080}, {port: 90, targetPort: admin}, {port: 70, targetPort: lost}, {port: 9000}]")
	other := service("other", "selector: {app: db}, ports: [{port: 81, targetPort: 5}]")
	twice := service("twice", "selector: {app: web}, ports: [{port: 80, targetPort: 8081}]")
	for name, c := range map[string]struct {
		port     int
		services []*unstructured.Unstructured
		want     int
		word     string // of the note or the error
	}{
		"service port":        {80, []*unstructured.Unstructured{web, other}, 8080, "port 80 of Service web is container port 8080"},
		"named target":        {90, []*unstructured.Unstructured{web}, 9090, "container port 9090"},
		"container port":      {8080, []*unstructured.Unstructured{web}, 8080, ""},
		"the same":            {9000, []*unstructured.Unstructured{web}, 9000, ""},
		"declared":            {9090, nil, 9090, ""},
		"unknown name":        {70, []*unstructured.Unstructured{web}, 0, "does not declare"},
		"of another workload": {81, []*unstructured.Unstructured{other}, 81, "no Service of the workload has it"},
		"two Services differ": {80, []*unstructured.Unstructured{web, twice}, 0, "give the container port itself"},
	} {
		got, note, err := ContainerPort(c.port, map[string]string{"app": "web"}, map[string]int{"admin": 9090}, c.services)
		if err != nil {
			note = err.Error()
		}
		if got != c.want && err == nil || (err != nil) != (c.want == 0) || !strings.Contains(note, c.word) || (note == "") != (c.word == "") {
			t.Errorf("%s: %d, %q; want %d, %q", name, got, note, c.want, c.word)
		}
	}
}

func TestAutoMTLSOff(t *testing.T) {
	if AutoMTLSOff(nil) || AutoMTLSOff(map[string]any{"enableAutoMtls": true}) || !AutoMTLSOff(map[string]any{"enableAutoMtls": false}) {
		t.Error("auto mTLS is off only where it is switched off")
	}
}
