{{- /* Names end up in labels and host names: 63 characters, and no dash at the end. */ -}}
{{- define "basics.clip" -}}
{{- . | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "basics.name" -}}
{{- coalesce .Values.nameOverride .Chart.Name | include "basics.clip" -}}
{{- end -}}

{{- define "basics.release" -}}
{{- list .Chart.Name .Chart.Version | join "-" | replace "+" "_" | include "basics.clip" -}}
{{- end -}}

{{- define "basics.namespace" -}}
{{- coalesce .Values.namespaceOverride .Release.Namespace | include "basics.clip" -}}
{{- end -}}

{{- /* How the objects of a neighbour are called, by what its values say: (list RELEASE CHART VALUES). */ -}}
{{- define "basics.fullname.of" -}}
{{- $values := last . -}}
{{- $parts := list (first .) -}}
{{- with coalesce $values.nameOverride (index . 1) -}}
  {{- /* A release that has the name in it already is not made longer. */ -}}
  {{- if not (first $parts | contains .) -}}{{- $parts = append $parts . -}}{{- end -}}
{{- end -}}
{{- $values.fullnameOverride | default (join "-" $parts) | include "basics.clip" -}}
{{- end -}}

{{- define "basics.fullname" -}}
{{- $release := regexReplaceAll "[^a-z\\d]+" (lower .Release.Name) "-" -}}
{{- include "basics.fullname.of" (list $release .Chart.Name .Values) -}}
{{- end -}}
