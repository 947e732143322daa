{{- /*
What a user wrote, as text: a string stays what it is, all else becomes YAML, and braces in it are templates.
Called with (list ROOT VALUE), or (list ROOT VALUE SCOPE) where the dot of those templates is to be the scope.
*/ -}}
{{- define "basics.text" -}}
{{- $root := first . -}}
{{- $given := index . 1 -}}
{{- $text := ternary $given (toYaml $given) (typeIs "string" $given) -}}
{{- if not (toJson $given | contains "{{") -}}
  {{- $text -}}
{{- else if gt (len .) 2 -}}
  {{- merge (dict "Narrowed" (last .)) $root | tpl (cat "{{- with .Narrowed -}}" $text "{{- end -}}") -}}
{{- else -}}
  {{- tpl $text $root -}}
{{- end -}}
{{- end -}}

{{- /* Maps laid over one another, the first on top: (list ROOT MAP MAP). A map may be nothing, or YAML in a string. */ -}}
{{- define "basics.overlay" -}}
{{- $pile := dict -}}
{{- range $layer := rest . | reverse -}}
  {{- $pile = list (first $) $layer | include "basics.text" | fromYaml | mergeOverwrite $pile -}}
{{- end -}}
{{- toYaml $pile -}}
{{- end -}}
