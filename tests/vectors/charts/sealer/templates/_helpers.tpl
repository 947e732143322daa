{{- define "sealer.name" -}}
{{- coalesce .Values.nameOverride .Chart.Name | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- /* A release that is called like the chart does not say it twice. */}}
{{- define "sealer.whole" -}}
{{- $parts := list .Release.Name (include "sealer.name" .) | uniq }}
{{- join "-" $parts | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- /* Eight characters are left free for what is added. */}}
{{- define "sealer.webhook" -}}
{{- include "sealer.whole" . | trunc 55 | trimSuffix "-" }}-webhook
{{- end -}}

{{- /* A tuple: an image, and the tag for one that has none. A digest takes the place of either. */}}
{{- define "image" -}}
{{- $it := first . }}
{{- with $it.registry }}{{ . }}/{{ end }}{{ $it.repository }}
{{- with $it.digest }}@{{ . }}{{ else }}{{ coalesce $it.tag (last $) | printf ":%s" }}{{ end }}
{{- end }}

{{- define "labels" -}}
app.kubernetes.io/version: {{ quote .Chart.AppVersion }}
{{- with .Values.global.commonLabels }}
{{- toYaml . | nindent 0 }}
{{- end }}
{{- end -}}

{{- /* The old switch and the new one; both at once is a mistake where the new one was written down. */}}
{{- define "sealer.crds" -}}
{{- $old := .Values.installCRDs }}
{{- if and $old (hasKey .Values "crdsExplicit") }}
{{- if not .Values.crds.enabled }}{{ fail "installCRDs and crds.enabled do not agree" }}{{ end }}
{{- end }}
{{- or .Values.crds.enabled $old }}
{{- end -}}
