{{- /* The values say it in one of two places, or the cluster has it from the last time, or it is new. */}}
{{- define "orbit.hub.cookie" -}}
    {{- $held := (lookup "v1" "Secret" .Release.Namespace (include "orbit.hub.name" .)).data | default dict }}
    {{- $kept := get $held "hub.config.CookieSecret" | b64dec }}
    {{- with coalesce ((.Values.hub.config).Hub).cookie_secret .Values.hub.cookieSecret $kept }}
        {{- . }}
    {{- else }}
        {{- sha256sum (randAlphaNum 64) }}
    {{- end }}
{{- end }}

{{- define "orbit.hex" -}}
    {{- range until . }}{{ mod (randNumeric 3 | atoi) 16 | printf "%x" }}{{ end }}
{{- end }}
