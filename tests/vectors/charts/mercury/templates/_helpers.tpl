{{- define "mercury.image" -}}
{{ include "basics.images.image" (dict "imageRoot" .Values.image "global" .Values.global "chart" .Chart) }}
{{- end -}}

{{- define "mercury.volumePermissions.image" -}}
{{ include "basics.images.image" (dict "imageRoot" .Values.volumePermissions.image "global" .Values.global) }}
{{- end -}}

{{- define "mercury.imagePullSecrets" -}}
{{- include "basics.images.renderPullSecrets" (dict "images" (list .Values.image .Values.volumePermissions.image) "context" $) -}}
{{- end -}}

{{- define "mercury.secretName" -}}
{{- if .Values.auth.existingSecret -}}
{{- printf "%s" (tpl .Values.auth.existingSecret $) -}}
{{- else -}}
{{- printf "%s" (include "basics.names.fullname" .) -}}
{{- end -}}
{{- end -}}

{{- define "mercury.validateValues" -}}
{{- $messages := list -}}
{{- $messages := append $messages (include "mercury.validateValues.replicas" .) -}}
{{- $messages := without $messages "" -}}
{{- $message := join "\n" $messages -}}
{{- if $message -}}
{{-   printf "\nVALUES VALIDATION:\n%s" $message | fail -}}
{{- end -}}
{{- end -}}

{{- define "mercury.validateValues.replicas" -}}
{{- if gt (int .Values.replicaCount) 9 -}}
mercury: replicaCount
    no more than nine replicas
{{- end -}}
{{- end -}}
