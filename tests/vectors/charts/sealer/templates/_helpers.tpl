{{- define "sealer.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "sealer.fullname" -}}
{{- if eq .Release.Name (include "sealer.name" .) }}{{ .Release.Name }}{{ else }}
{{- printf "%s-%s" .Release.Name (include "sealer.name" .) | trunc 63 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "webhook.fullname" -}}
{{- $trimmedName := printf "%s" (include "sealer.fullname" .) | trunc 55 | trimSuffix "-" -}}
{{- printf "%s-webhook" $trimmedName -}}
{{- end -}}

{{- /* a tuple: image, default tag */}}
{{- define "image" -}}
{{- $defaultTag := index . 1 -}}
{{- with index . 0 -}}
{{- if .registry -}}{{ printf "%s/%s" .registry .repository }}{{- else -}}{{- .repository -}}{{- end -}}
{{- if .digest -}}{{ printf "@%s" .digest }}{{- else -}}{{ printf ":%s" (default $defaultTag .tag) }}{{- end -}}
{{- end }}
{{- end }}

{{- define "labels" -}}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
{{- if .Values.global.commonLabels}}
{{ toYaml .Values.global.commonLabels }}
{{- end }}
{{- end -}}

{{- define "sealer.crd-check" -}}
{{- if and (.Values.installCRDs) (not .Values.crds.enabled) (hasKey .Values "crdsExplicit") -}}
{{- fail "set only one of installCRDs and crds.enabled" }}
{{- end -}}
{{- or .Values.crds.enabled .Values.installCRDs -}}
{{- end -}}
