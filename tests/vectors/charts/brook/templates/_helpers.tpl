{{- /* vim: ft=gotexttmpl */ -}}
{{- define "brook.storageBackend" -}}
{{- if .Values.brookd.storage.backend -}}
{{ .Values.brookd.storage.backend }}
{{- else if eq .Values.deployTarget "AMAZON" -}}
AMAZON
{{- else if eq .Values.deployTarget "GOOGLE" -}}
GOOGLE
{{- else if or (eq .Values.deployTarget "LOCAL") (eq .Values.deployTarget "CUSTOM") -}}
LOCAL
{{- else -}}
{{ fail "brookd.storage.backend is required where deployTarget tells none" }}
{{- end -}}
{{- end -}}

{{- define "brook.issuerURI" -}}
{{- if .Values.oidc.issuerURI -}}
{{ .Values.oidc.issuerURI }}
{{- else if .Values.proxy.enabled -}}
{{ include "brook.proto" . }}://{{ include "brook.host" . | default "localhost" }}/dex
{{- else if and .Values.ingress.host .Values.ingress.enabled -}}
{{- printf "%s://%s/dex" (include "brook.proto" .) .Values.ingress.host -}}
{{- else if not .Values.ingress.enabled -}}
http://brookd:30658
{{- else -}}
{{ fail "For deployments with an ingress ingress.host is required" }}
{{- end -}}
{{- end }}

{{- define "brook.proto" -}}
{{- if or .Values.ingress.tls.enabled .Values.ingress.uriHttpsProtoOverride .Values.proxy.tls.enabled -}}https{{- else -}}http{{- end -}}
{{- end }}

{{- define "brook.host" -}}
{{- with (first (compact (list .Values.ingress.host (.Values.proxy).host))) }}{{ . }}{{ end -}}
{{- end }}

{{- define "brook.image" -}}
{{- $ctx := index . 0 }}{{ $img := index . 1 -}}
{{- with $ctx.Values.global.image.registry }}{{ trimSuffix "/" . }}/{{ end }}{{ $img.repository }}:{{ default $ctx.Chart.AppVersion $img.tag }}
{{- end }}

{{- define "brook.clusterID" -}}
{{- if .Values.brookd.clusterDeploymentID }}{{ .Values.brookd.clusterDeploymentID }}{{ else }}{{ randAlphaNum 32 }}{{ end -}}
{{- end }}
