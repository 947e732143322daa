{{- /* What a container engine keeps of a login, with the name and the password once more in one. */}}
{{- define "orbit.login" -}}
{{- with .Values.imagePullSecret -}}
{{- $host := coalesce .registry "https://index.example.org/v1/" -}}
{
  "auths": {
    {{ quote $host }}: {
      {{- range $member := list "username" "password" "email" }}
      {{- with get $.Values.imagePullSecret $member }}
      {{ quote $member }}: {{ quote . }},
      {{- end }}
      {{- end }}
      "auth": {{ printf "%s:%s" .username .password | b64enc | quote }}
    }
  }
}
{{- end }}
{{- end }}

{{- /* Our own secret, those of all images and those of this one, each once; the list is kept in the dict that was given. */}}
{{- define "orbit.pullSecrets" -}}
    {{- $all := .root.Values }}
    {{- $_ := set . "out" list }}
    {{- if $all.imagePullSecret.create }}
        {{- $_ := dict "name" (include "orbit.stem" .root | printf "%simage-pull-secret") | append .out | set . "out" }}
    {{- end }}
    {{- range $lot := list $all.imagePullSecrets .image.pullSecrets }}
        {{- range $lot }}
            {{- $entry := ternary (dict "name" .) . (typeOf . | eq "string") }}
            {{- $_ := append $.out $entry | set $ "out" }}
        {{- end }}
    {{- end }}
    {{- with .out }}
        {{- uniq . | toYaml }}
    {{- end }}
{{- end }}

{{- define "orbit.requests" -}}
requests:
{{- range $what := tuple "cpu" "memory" }}
  {{- with (get $ $what | default dict).guarantee }}
  {{ $what }}: {{ . }}
  {{- else }}
  # nothing for {{ $what }}
  {{- end }}
{{- end }}
{{- end }}

{{- /* Variables as a list that is taken as it is, or as a map of names with a text or with a whole entry. */}}
{{- define "orbit.variables" -}}
{{- if typeOf . | eq "[]interface {}" }}
{{- toYaml . }}
{{- else }}
{{- range $name, $is := . }}
- name: {{ quote $name }}
{{- if typeOf $is | eq "string" }}
  value: {{ quote $is }}
{{- else }}
  {{- toYaml $is | nindent 2 }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- /* Files by name: text as it is, data as the end of the path it will have says. */}}
{{- define "orbit.files" -}}
    {{- range $name, $file := . }}
        {{- include "orbit.files.check" (dict "name" $name "file" $file) }}
        {{- $text := $file.stringData }}
        {{- with $file.data }}
            {{- $kind := ext $file.mountPath }}
            {{- if has $kind (list ".yaml" ".yml") }}{{ $text = toYaml . }}
            {{- else if eq $kind ".json" }}{{ $text = toJson . }}
            {{- else if eq $kind ".toml" }}{{ $text = toToml . }}
            {{- else }}{{ printf "extraFiles: no way to write data as %s" $file.mountPath | fail }}
            {{- end }}
        {{- end }}
        {{- quote $name }}: |
        {{- trimSuffix "\n" $text | nindent 2 }}{{ println }}
    {{- end }}
{{- end }}

{{- define "orbit.files.check" -}}
    {{- if typeOf .file.mountPath | ne "string" }}
        {{- printf "extraFiles: where does %s go?" .name | fail }}
    {{- end }}
    {{- $bodies := list .file.data .file.stringData | compact }}
    {{- if len $bodies | ne 1 }}
        {{- printf "extraFiles: %s has data or stringData, and one only" .name | fail }}
    {{- end }}
{{- end }}
