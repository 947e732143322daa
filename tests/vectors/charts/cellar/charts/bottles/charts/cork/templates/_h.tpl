{{- define "cork.name" }}cork-{{ .Release.Name }}-{{ .Chart.Name }}{{ end }}
{{- define "shared" }}from cork{{ end }}
