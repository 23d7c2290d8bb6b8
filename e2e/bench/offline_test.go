package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// TestWriteDump proves that the dump is JSON of the size that the table names.
func TestWriteDump(t *testing.T) {
	file := filepath.Join(t.TempDir(), "config_dump.json")
	if err := writeDump(file); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var dump struct {
		Configs []struct {
			Clusters  []struct{} `json:"dynamic_active_clusters"`
			Endpoints []struct{} `json:"dynamic_endpoint_configs"`
			Secrets   []struct{} `json:"dynamic_active_secrets"`
		}
	}
	if err := json.Unmarshal(text, &dump); err != nil {
		t.Fatal(err)
	}
	if len(dump.Configs) != 3 || len(dump.Configs[0].Clusters) != offlineClusters || len(dump.Configs[1].Endpoints) != offlineClusters || len(dump.Configs[2].Secrets) != 1 {
		t.Errorf("the dump has other sections than wanted: %d", len(dump.Configs))
	}
}
