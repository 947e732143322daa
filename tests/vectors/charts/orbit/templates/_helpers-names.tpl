{{- /* What the release is called; a chart that has this one below it may set the name for it. */}}
{{- define "orbit.whole" -}}
    {{- $says := .Values }}
    {{- if ne .Chart.Name "orbit" }}
        {{- $says = .Values.orbit | default .Values }}
    {{- end }}
    {{- $short := coalesce $says.nameOverride "orbit" }}
    {{- /* The empty name is a name too, no name at all is not. */}}
    {{- if typeIs "string" $says.fullnameOverride }}
        {{- $says.fullnameOverride }}
    {{- else }}
        {{- .Release.Name | contains $short | ternary .Release.Name (print .Release.Name "-" $short) }}
    {{- end }}
{{- end }}

{{- /* The same as the first half of a longer name, with its dash. */}}
{{- define "orbit.stem" -}}
    {{- with include "orbit.whole" . }}{{ . }}-{{ end }}
{{- end }}

{{- define "orbit.hub.name" -}}
    {{- include "orbit.stem" . | printf "%shub" }}
{{- end }}

{{- /* With "selecting" only those labels that stay. */}}
{{- define "orbit.labels" -}}
component: {{ include "orbit.component" . }}
app: {{ coalesce .appLabel (.Chart.Name | trunc 63 | trimSuffix "-") }}
release: {{ .Release.Name }}
{{- if .selecting | not }}
chart: {{ replace "+" "_" .Chart.Version | printf "%s-%s" .Chart.Name }}
heritage: {{ coalesce .heritageLabel .Release.Service }}
{{- end }}
{{- end }}

{{- define "orbit.selector" -}}
{{ . | merge (dict "selecting" true) | include "orbit.labels" }}
{{- end }}

{{- /* The folder of a file is its component; a file in no folder is one by itself. */}}
{{- define "orbit.component" -}}
    {{- $place := dir .Template.Name | base }}
    {{- if eq $place "templates" }}
        {{- $place = base .Template.Name | trimSuffix (ext .Template.Name) }}
    {{- end }}
    {{- list .componentPrefix (coalesce .componentLabel $place) .componentSuffix | compact | join "" }}
{{- end }}
