{{- /*
    Every name has a template of its own, so that parent charts may ask for it.
*/}}
{{- define "orbit.fullname" -}}
    {{- $fullname_override := .Values.fullnameOverride }}
    {{- $name_override := .Values.nameOverride }}
    {{- if ne .Chart.Name "orbit" }}
        {{- if .Values.orbit }}
            {{- $fullname_override = .Values.orbit.fullnameOverride }}
            {{- $name_override = .Values.orbit.nameOverride }}
        {{- end }}
    {{- end }}
    {{- if eq (typeOf $fullname_override) "string" }}
        {{- $fullname_override }}
    {{- else }}
        {{- $name := $name_override | default "orbit" }}
        {{- if contains $name .Release.Name }}
            {{- .Release.Name }}
        {{- else }}
            {{- .Release.Name }}-{{ $name }}
        {{- end }}
    {{- end }}
{{- end }}

{{- define "orbit.fullname.dash" -}}
    {{- if (include "orbit.fullname" .) }}
        {{- include "orbit.fullname" . }}-
    {{- end }}
{{- end }}

{{- define "orbit.hub.fullname" -}}
    {{- include "orbit.fullname.dash" . }}hub
{{- end }}

{{- define "orbit.name-of" -}}
    {{- $file := .Template.Base | default .Template.Name | base | trimSuffix ".yaml" }}
    {{- $parts := .Template.Name | splitList "/" }}
    {{- index $parts (sub (len $parts) 2 | int) | default $file -}}
{{- end }}

{{- define "orbit.labels" -}}
component: {{ include "orbit.componentLabel" . }}
app: {{ .appLabel | default (include "orbit.chartLabel" .) }}
release: {{ .Release.Name }}
{{- if not .matchLabels }}
chart: {{ .Chart.Name }}-{{ .Chart.Version | replace "+" "_" }}
heritage: {{ .heritageLabel | default .Release.Service }}
{{- end }}
{{- end }}

{{- define "orbit.chartLabel" -}}{{ .Chart.Name | trunc 63 | trimSuffix "-" }}{{- end }}

{{- /*
  Which component a file belongs to is told by the folder it lies in.
*/}}
{{- define "orbit.componentLabel" -}}
{{- $file := .Template.Name | base | trimSuffix ".yaml" -}}
{{- $parent := .Template.Name | dir | base | trimPrefix "templates" -}}
{{- $component := .componentLabel | default $parent | default $file -}}
{{- $component := print (.componentPrefix | default "") $component (.componentSuffix | default "") -}}
{{ $component }}
{{- end }}

{{- define "orbit.matchLabels" -}}
{{- $_ := merge (dict "matchLabels" true) . -}}
{{ include "orbit.labels" $_ }}
{{- end }}
