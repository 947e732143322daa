{{- define "mercury.image" -}}
{{ list .Values.image .Values.global .Chart | include "basics.image" }}
{{- end -}}

{{- define "mercury.shell" -}}
{{ list .Values.volumePermissions.image .Values.global | include "basics.image" }}
{{- end -}}

{{- define "mercury.pullSecrets" -}}
{{- include "basics.pullSecrets" (list . .Values.image .Values.volumePermissions.image) -}}
{{- end -}}

{{- /* The secret of the user, whose name may be a template, or the one of the chart. */ -}}
{{- define "mercury.secret" -}}
{{- with .Values.auth.existingSecret -}}
  {{- tpl . $ -}}
{{- else -}}
  {{- include "basics.fullname" . -}}
{{- end -}}
{{- end -}}

{{- /* All that is wrong with the values is said at once. */ -}}
{{- define "mercury.complain" -}}
{{- $wrong := list -}}
{{- range list "replicas" "size" -}}
  {{- $wrong = include (print "mercury.complain." .) $ | append $wrong -}}
{{- end -}}
{{- with without $wrong "" -}}
  {{- join "; " . | fail -}}
{{- end -}}
{{- end -}}

{{- define "mercury.complain.replicas" -}}
{{- if int .Values.replicaCount | lt 9 -}}
replicaCount: nine relays at most, not {{ .Values.replicaCount }}
{{- end -}}
{{- end -}}

{{- define "mercury.complain.size" -}}
{{- if not (or .Values.resources .Values.resourcesPreset) -}}
resourcesPreset: a size, or "none"
{{- end -}}
{{- end -}}

{{- /* Name, namespace and labels of an object. */ -}}
{{- define "mercury.identity" -}}
namespace: {{ include "basics.namespace" . | quote }}
name: {{ include "basics.fullname" . }}
labels:
  {{- dict "root" $ "own" .Values.commonLabels | include "basics.labels" | nindent 2 }}
{{- end -}}
