package envoy

import (
	"context"
	"testing"
	"testing/fstest"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

func TestReadServed(t *testing.T) {
	const statuses = `{"cluster_statuses": [
 {"name": "inbound|8080||", "host_statuses": [{"address": {"socket_address": {"address": "10.0.0.1", "port_value": 8080}}, "stats": [{"name": "rq_total", "value": "7"}, {"name": "cx_total", "value": "3"}]}]},
 {"name": "inbound|80|http|old.svc", "host_statuses": [{"stats": [{"name": "rq_total", "value": "9"}]}]},
 {"name": "outbound|9090||x", "host_statuses": [{"stats": [{"name": "rq_total", "value": "5"}]}]}]}`
	p := &facts.Proxy{Inbound: []facts.Inbound{{Port: 0}, {Port: 80}, {Port: 8080}, {Port: 9090}}}
	files := NewFiles(fstest.MapFS{"clusters.json": {Data: []byte(statuses)}}, "")
	if err := ReadServed(context.Background(), files, p); err != nil {
		t.Fatal(err)
	}
	for _, in := range p.Inbound {
		if (in.Served != nil) != (in.Port == 8080) {
			t.Errorf("port %d: %+v", in.Port, in.Served)
		}
	}
	if s := p.Inbound[2].Served; s == nil || s.Requests != 7 || s.Total != 3 {
		t.Errorf("port 8080: %+v", s)
	}
	if err := ReadServed(context.Background(), NewFiles(fstest.MapFS{}, ""), p); err == nil {
		t.Error("no answer gives no error")
	}
}
