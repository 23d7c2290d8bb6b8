package cli

import "testing"

func TestParsePair(t *testing.T) {
	for typed, want := range map[string]pairTo{
		"svc/db": {service: "db"}, "service/db:3306": {service: "db", port: 3306}, "svc/db.shop": {service: "db", namespace: "shop"}, "SVC/db.shop:1": {service: "db", namespace: "shop", port: 1},
	} {
		if got, ok, err := parsePair(typed); got != want || !ok || err != nil {
			t.Errorf("%s: %+v, %v, %v", typed, got, ok, err)
		}
	}
	for _, typed := range []string{"svc/", "svc/:80", "svc/db:", "svc/db:65536", "svc/db:-1", "deploy/db", "svc/.shop"} {
		if got, ok, err := parsePair(typed); err == nil || !ok {
			t.Errorf("%s was taken: %+v", typed, got)
		}
	}
	if _, ok, err := parsePair("redis.example.internal:16222"); ok || err != nil {
		t.Errorf("a host was taken for a service: %v", err)
	}
}
