{{- /* Values made once and read back from the cluster afterwards. */}}
{{- define "orbit.hub.config.CookieSecret" -}}
    {{- if (.Values.hub.config.Hub).cookie_secret }}
        {{- .Values.hub.config.Hub.cookie_secret }}
    {{- else if .Values.hub.cookieSecret }}
        {{- .Values.hub.cookieSecret }}
    {{- else }}
        {{- $k8s_state := lookup "v1" "Secret" .Release.Namespace (include "orbit.hub.fullname" .) | default (dict "data" (dict)) }}
        {{- if hasKey $k8s_state.data "hub.config.CookieSecret" }}
            {{- index $k8s_state.data "hub.config.CookieSecret" | b64dec }}
        {{- else }}
            {{- randAlphaNum 64 | sha256sum }}
        {{- end }}
    {{- end }}
{{- end }}

{{- define "orbit.randHex" -}}
    {{- $result := "" }}
    {{- range $i := until . }}
        {{- $rand_hex_char := mod (randNumeric 4 | atoi) 16 | printf "%x" }}
        {{- $result = print $result $rand_hex_char }}
    {{- end }}
    {{- $result }}
{{- end }}
