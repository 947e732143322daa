{{- define "ft.helper" -}}
name: {{ .Release.Name }}
{{- end }}
