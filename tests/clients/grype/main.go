// Builds the databases of grype and trivy out of records of OSV, by the code that their publishers build them with.
//
//	grype-client RECORDS.zip FOLDER
//
// leaves FOLDER/vulnerability.db (grype's, of the model of the grype beside it) and FOLDER/trivy.db with FOLDER/metadata.json.
package main

import (
	"archive/zip"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/anchore/grype/grype/db"
	"github.com/anchore/grype/grype/db/provider"
	trivydb "github.com/aquasecurity/trivy-db/pkg/db"
	"github.com/aquasecurity/trivy-db/pkg/vulndb"
	"github.com/aquasecurity/trivy-db/pkg/vulnsrc/vulnerability"
	"github.com/glebarez/sqlite"
	"gorm.io/gorm"
	"k8s.io/utils/clock/testing"
)

// When both say that they were built; whoever reads them has no other clock to go by.
var built = time.Date(2026, 10, 27, 7, 27, 43, 0, time.UTC)

// What of a record both databases are made from.
type record struct {
	ID        string   `json:"id"`
	Aliases   []string `json:"aliases"`
	Summary   string   `json:"summary"`
	Details   string   `json:"details"`
	Published string   `json:"published"`
	Modified  string   `json:"modified"`
	Withdrawn string   `json:"withdrawn,omitempty"`
	Affected  []struct {
		Package struct{ Ecosystem, Name string } `json:"package"`
		Ranges  []struct {
			Type   string              `json:"type"`
			Events []map[string]string `json:"events"`
		} `json:"ranges"`
		Versions []string `json:"versions"`
	} `json:"affected"`
}

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: grype-client RECORDS.zip FOLDER")
		os.Exit(2)
	}
	if err := build(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "grype-client:", err)
		os.Exit(1)
	}
}

func build(records, folder string) error {
	work, err := os.MkdirTemp("", "grype-client")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	archive, err := zip.OpenReader(records)
	if err != nil {
		return err
	}
	defer archive.Close()
	github := provider.NewWorkspaceWriter(work, "github")
	var results []provider.File
	for _, member := range archive.File {
		file, err := member.Open()
		if err != nil {
			return err
		}
		text, err := io.ReadAll(file)
		file.Close()
		if err != nil {
			return err
		}
		result, err := write(text, work, github)
		if err != nil {
			return fmt.Errorf("%s: %w", member.Name, err)
		}
		results = append(results, *result)
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	if err := grype(github, results, folder); err != nil {
		return err
	}
	return trivy(work, folder)
}

// One record as grype's and as trivy's publishers get those of GitHub.
func write(text []byte, work string, github *provider.WorkspaceWriter) (*provider.File, error) {
	var of record
	var all map[string]any
	if err := json.Unmarshal(text, &of); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, &all); err != nil {
		return nil, err
	}
	// GitHub's records say how severe they are; those of the Python Packaging Authority do not.
	all["database_specific"] = map[string]string{"severity": "MODERATE"}
	reviewed := filepath.Join(work, "ghsa", "advisories", "github-reviewed")
	if err := os.MkdirAll(reviewed, 0o755); err != nil {
		return nil, err
	}
	changed, err := json.Marshal(all)
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(reviewed, of.ID+".json"), changed, 0o644); err != nil {
		return nil, err
	}
	envelope, err := json.Marshal(map[string]any{
		"schema":     "https://raw.githubusercontent.com/anchore/vunnel/main/schema/vulnerability/github-security-advisory/schema-1.0.0.json",
		"identifier": "github:python/" + of.ID,
		"item":       map[string]any{"Advisory": of.github(), "Vulnerability": map[string]any{}},
	})
	if err != nil {
		return nil, err
	}
	return github.WriteResult(of.ID+".json", envelope)
}

// A record as GitHub's interface tells it: one entry for each interval.
func (of record) github() map[string]any {
	fixes := []map[string]string{}
	add := func(name, interval, fixed string) {
		fixes = append(fixes, map[string]string{
			"ecosystem": "python", "namespace": "github:python", "name": name, "range": interval, "identifier": fixed,
		})
	}
	for _, affected := range of.Affected {
		for _, within := range affected.Ranges {
			if within.Type != "ECOSYSTEM" {
				continue
			}
			from := ""
			for _, event := range within.Events {
				if introduced, is := event["introduced"]; is {
					from = introduced
				} else if fixed, is := event["fixed"]; is {
					add(affected.Package.Name, interval(from, "<", fixed), fixed)
					from = ""
				} else if last, is := event["last_affected"]; is {
					add(affected.Package.Name, interval(from, "<=", last), "")
					from = ""
				}
			}
			if from != "" {
				add(affected.Package.Name, interval(from, "", ""), "")
			}
		}
		for _, version := range affected.Versions {
			add(affected.Package.Name, "= "+version, "")
		}
	}
	cves := []string{}
	for _, alias := range of.Aliases {
		if strings.HasPrefix(alias, "CVE-") {
			cves = append(cves, alias)
		}
	}
	return map[string]any{
		"CVE": cves, "Metadata": map[string]any{"CVE": cves}, "FixedIn": fixes, "Severity": "Medium", "Summary": of.Summary, "ghsaId": of.ID,
		"namespace": "github:python", "url": "https://example.org/" + of.ID, "published": of.Published, "updated": of.Modified, "withdrawn": of.Withdrawn,
	}
}

func interval(from, sign, to string) string {
	parts := []string{}
	if from != "0" {
		parts = append(parts, ">= "+from)
	}
	if sign != "" {
		parts = append(parts, sign+" "+to)
	}
	if len(parts) == 0 {
		return ">= 0"
	}
	return strings.Join(parts, " ")
}

func grype(github *provider.WorkspaceWriter, results []provider.File, folder string) error {
	if err := github.WriteListing(results); err != nil {
		return err
	}
	state := provider.State{
		Provider: "github", Version: 2, DistributionVersion: 1, Processor: "vunnel@0.54.0", Store: "flat-file", Timestamp: built,
		Schema:  provider.Schema{Version: "1.0.3", URL: "https://raw.githubusercontent.com/anchore/vunnel/main/schema/provider-workspace-state/schema-1.0.3.json"},
		Listing: &provider.File{Path: "results/listing.xxh64", Algorithm: "xxh64"},
	}
	if err := github.WriteState(state); err != nil {
		return err
	}
	// Only what was read from a file knows its results.
	read, err := provider.ReadState(filepath.Join(github.Path(), "metadata.json"))
	if err != nil {
		return err
	}
	if err := db.Build(db.BuildConfig{SchemaVersion: 6, Directory: folder, States: provider.States{*read}, Timestamp: built, SQLiteCacheSizeKiB: 65536}); err != nil {
		return err
	}
	// The builder takes the time by its own clock.
	opened, err := gorm.Open(sqlite.Open(filepath.Join(folder, "vulnerability.db")), &gorm.Config{})
	if err != nil {
		return err
	}
	if err := opened.Exec("UPDATE db_metadata SET build_timestamp = ?", built).Error; err != nil {
		return err
	}
	pool, err := opened.DB()
	if err != nil {
		return err
	}
	return pool.Close()
}

func trivy(work, folder string) error {
	// Looked for even where there is nothing of Swift.
	if err := os.MkdirAll(filepath.Join(work, "cocoapods-specs", "Specs"), 0o755); err != nil {
		return err
	}
	if err := trivydb.Init(folder); err != nil {
		return err
	}
	source := []string{string(vulnerability.GHSA)}
	if err := vulndb.New(work, folder, 24*time.Hour, vulndb.WithClock(testing.NewFakeClock(built))).Build(source); err != nil {
		return err
	}
	return trivydb.Close()
}
