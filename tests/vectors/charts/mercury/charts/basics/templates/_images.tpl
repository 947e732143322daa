{{- /*
An image in one line. The registry of all images goes before its own, a digest before a tag; an image with neither
has the tag of the application. Called with (list IMAGE GLOBAL), or (list IMAGE GLOBAL CHART).
*/ -}}
{{- define "basics.image" -}}
{{- $image := first . -}}
{{- $path := list (coalesce (index . 1).imageRegistry $image.registry) $image.repository | compact | join "/" -}}
{{- if $image.digest -}}
  {{- list $path $image.digest | join "@" -}}
{{- else if or $image.tag (lt (len .) 3) -}}
  {{- $image.tag | toString | printf "%s:%s" $path -}}
{{- else -}}
  {{- printf "%s:%v" $path (last .).AppVersion -}}
{{- end -}}
{{- end -}}

{{- /* Every pull secret once, in the order they are met: (list ROOT IMAGE IMAGE). Each is a name or a map with one. */ -}}
{{- define "basics.pullSecrets" -}}
{{- $root := first . -}}
{{- $met := (($root.Values).global).imagePullSecrets | default list -}}
{{- range rest . -}}
  {{- $met = concat $met (.pullSecrets | default list) -}}
{{- end -}}
{{- $names := list -}}
{{- range $secret := $met -}}
  {{- if kindIs "map" $secret -}}{{- $secret = get $secret "name" -}}{{- end -}}
  {{- $names = list $root $secret | include "basics.text" | append $names -}}
{{- end -}}
{{- with uniq $names -}}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end -}}
{{- end -}}
