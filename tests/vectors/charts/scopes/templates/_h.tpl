{{ define "loud" }}  [{{ . }}]
{{ end }}{{ define "outer" }}{{ template "inner" (dict "v" . "n" 2) }}{{ end }}
{{- define "inner" -}}{{- $x := .v -}}{{ if gt (int .n) 0 }}{{ $x }}{{ template "inner" (dict "v" $x "n" (sub .n 1)) }}{{ end }}{{- end -}}
{{- define "noctx" }}{{ . | default "nothing" }}{{ end }}
{{- define "redefined" }}first{{ end }}
