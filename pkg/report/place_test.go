package report

import (
	"bytes"
	"strings"
	"testing"

	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"
)

// TestPlaced: a finding of an intent of a file is at its line, in SARIF and as an annotation; any other is at none.
func TestPlaced(t *testing.T) {
	placed := func(file string) Report {
		return document(func(t *TargetReport) {
			t.Findings = []Finding{{ID: "MT013", Name: "probe", Outcome: Fail, Cluster: "outbound|1||a", Summary: "wrong CA", Document: &Place{File: file, Line: 7}},
				{ID: "MT003", Name: "ca-present", Outcome: Fail, Cluster: "outbound|2||b", Summary: "no CA"}}
		})
	}
	for _, c := range []struct{ file, uri, annotation string }{
		{"./deploy/the mesh.yaml", "deploy/the%20mesh.yaml", "::error file=deploy/the mesh.yaml,line=7,title=FAIL MT013"},
		{"/srv/a,b:c.yaml", "file:///srv/a,b:c.yaml", "::error file=/srv/a%2Cb%3Ac.yaml,line=7,title=FAIL MT013"},
		{"a:b.yaml", "./a:b.yaml", "::error file=a%3Ab.yaml,line=7,title=FAIL MT013"},
	} {
		doc := placed(c.file)
		log, err := sarif.FromBytes(printed(t, doc, FormatSARIF))
		if err != nil {
			t.Fatal(err)
		}
		results := log.Runs[0].Results
		at := results[0].Locations[0].PhysicalLocation
		if at == nil || *at.ArtifactLocation.URI != c.uri || *at.Region.StartLine != 7 || len(results[0].Locations[0].LogicalLocations) != 2 {
			t.Errorf("%s: SARIF places it at %+v, want %s:7", c.file, at, c.uri)
		}
		if results[1].Locations[0].PhysicalLocation != nil {
			t.Error("a finding of no document has a place")
		}
		text := printed(t, doc, FormatGitHub)
		if !bytes.Contains(text, []byte(c.annotation)) || strings.Count(string(text), "line=") != 1 {
			t.Errorf("want one annotation %s:\n%s", c.annotation, text)
		}
		validate(t, schema(t), doc)
	}
}
