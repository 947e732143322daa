{{- define "orbit.dockerconfigjson" -}}
{{ include "orbit.dockerconfigjson.yaml" . | b64enc }}
{{- end }}
{{- define "orbit.dockerconfigjson.yaml" -}}
{{- with .Values.imagePullSecret -}}
{
  "auths": {
    {{ .registry | default "https://index.example.org/v1/" | quote }}: {
      "username": {{ .username | quote }},
      "password": {{ .password | quote }},
      {{- if .email }}
      "email": {{ .email | quote }},
      {{- end }}
      "auth": {{ (print .username ":" .password) | b64enc | quote }}
    }
  }
}
{{- end }}
{{- end }}

{{- define "orbit.imagePullSecrets" -}}
    {{- /* all lists there are, one after the other */}}
    {{- $_ := set . "resource" list }}
    {{- if .root.Values.imagePullSecret.create }}
    {{- $_ := set . "resource" (list (dict "name" (print (include "orbit.fullname.dash" .root) "image-pull-secret"))) }}
    {{- end }}
    {{- range (concat (.root.Values.imagePullSecrets | default list) (.image.pullSecrets | default list)) }}
      {{- if eq (typeOf .) "string" }}
      {{- $__ := set $ "resource" (append $.resource (dict "name" .)) }}
      {{- else }}
      {{- $__ := set $ "resource" (append $.resource .) }}
      {{- end }}
    {{- end }}
    {{- if not (eq (len .resource) 0) }}
        {{- .resource | uniq | toYaml }}
    {{- end }}
{{- end }}

{{- define "orbit.resources" -}}
{{- $r1 := .cpu }}{{ $r2 := .memory -}}
requests:
{{- range tuple (tuple "cpu" $r1) (tuple "memory" $r2) }}
  {{- $k := index . 0 }}{{ $v := index . 1 }}
  {{- if and $v $v.guarantee }}
  {{ $k }}: {{ $v.guarantee }}
  {{- else }}
  # nothing for {{ $k }}
  {{- end }}
{{- end }}
{{- end }}

{{- define "orbit.extraEnv.withTrailingNewLine" -}}
{{- if . }}
{{- if eq (typeOf .) "[]interface {}" }}
{{- . | toYaml }}
{{- else }}
{{- range $key, $value := . }}
{{- if eq (typeOf $value) "string" }}
- name: {{ $key | quote }}
  value: {{ $value | quote }}
{{- else }}
- name: {{ $key | quote }}
  {{- $value | toYaml | nindent 2 }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- define "orbit.extraFiles.data" -}}
    {{- range $file_key, $file_details := . }}
        {{- include "orbit.extraFiles.validate-file" (list $file_key $file_details) }}
        {{- if $file_details.stringData }}
            {{- $file_key | quote }}: |
              {{- $file_details.stringData | trimSuffix "\n" | nindent 2 }}{{ println }}
        {{- end }}
        {{- if $file_details.data }}
            {{- $file_key | quote }}: |
              {{- if or (eq (ext $file_details.mountPath) ".yaml") (eq (ext $file_details.mountPath) ".yml") }}
              {{- $file_details.data | toYaml | nindent 2 }}{{ println }}
              {{- else if eq (ext $file_details.mountPath) ".json" }}
              {{- $file_details.data | toJson | nindent 2 }}{{ println }}
              {{- else if eq (ext $file_details.mountPath) ".toml" }}
              {{- $file_details.data | toToml | trimSuffix "\n" | nindent 2 }}{{ println }}
              {{- else }}
              {{- print "\n\nextraFiles entries with 'data' must have a path ending in .yaml, .yml, .json or .toml, not " $file_details.mountPath | fail }}
              {{- end }}
        {{- end }}
    {{- end }}
{{- end }}

{{- define "orbit.extraFiles.validate-file" -}}
    {{- $file_key := index . 0 }}
    {{- $file_details := index . 1 }}
    {{- if not (eq (typeOf $file_details.mountPath) "string") }}
        {{- print "\n\nextraFiles: " $file_key " has no mountPath" | fail }}
    {{- end }}
    {{- $field_count := list }}
    {{- if $file_details.data }}{{ $field_count = append $field_count "1" }}{{ end }}
    {{- if $file_details.stringData }}{{ $field_count = append $field_count "1" }}{{ end }}
    {{- if ne (len $field_count) 1 }}
        {{- print "\n\nextraFiles: " $file_key " wants exactly one of data and stringData" | fail }}
    {{- end }}
{{- end }}
