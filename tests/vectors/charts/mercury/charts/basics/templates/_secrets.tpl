{{- /*
One entry of a secret, encoded: as the cluster has it, else as the values give it, else made up.
(dict "root" $ "secret" NAME "key" KEY "paths" (list "auth.password") "length" 24 "symbols" true)
*/ -}}
{{- define "basics.secret.entry" -}}
{{- $there := (lookup "v1" "Secret" (include "basics.namespace" .root) .secret).data | default dict -}}
{{- if and $there (not (hasKey $there .key)) -}}
  {{- fail (printf "the cluster has the secret %q, but no %q in it" .secret .key) -}}
{{- end -}}
{{- $entry := coalesce (get $there .key | b64dec) (include "basics.given" .) -}}
{{- if empty $entry -}}
  {{- $entry = include "basics.secret.invent" . -}}
{{- end -}}
{{- b64enc $entry -}}
{{- end -}}

{{- define "basics.secret.invent" -}}
{{- $length := .length | default 10 | int -}}
{{- if .symbols -}}
  {{- /* Four that satisfy whoever counts kinds of characters, and the rest as it falls. */ -}}
  {{- $rest := regexReplaceAllLiteral "[^0-9A-Za-z]" (randAscii $length) "+" | substr 0 (sub $length 4 | int) -}}
  {{- print (randAlpha 1 | upper) (randAlpha 1 | lower) (randNumeric 1) "=" $rest | shuffle -}}
{{- else -}}
  {{- randAlphaNum $length -}}
{{- end -}}
{{- end -}}

{{- /* What the values hold at the first of the dotted paths that leads to anything. */ -}}
{{- define "basics.given" -}}
{{- $found := "" -}}
{{- range $path := .paths -}}
  {{- $here := $.root.Values -}}
  {{- range $step := splitList "." $path -}}
    {{- if not (kindIs "map" $here) -}}{{- printf "no %s on the way to %s in the values" $step $path | fail -}}{{- end -}}
    {{- $here = index $here $step -}}
  {{- end -}}
  {{- if and $here (not $found) -}}{{- $found = printf "%v" $here -}}{{- end -}}
{{- end -}}
{{- $found -}}
{{- end -}}

{{- /* The sum of what a template makes, without its head: new labels alone restart nothing. (list ROOT FILE) */ -}}
{{- define "basics.sum" -}}
{{- $root := first . -}}
{{- $made := include (list $root.Template.BasePath (last .) | join "/") $root | fromYaml -}}
{{- range list "metadata" "kind" "apiVersion" -}}
  {{- $_ := unset $made . -}}
{{- end -}}
{{- toYaml $made | sha256sum -}}
{{- end -}}
