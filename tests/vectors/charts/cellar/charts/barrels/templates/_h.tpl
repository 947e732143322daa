{{- define "shared" }}from barrels {{ .Chart.Name }}{{ end }}
