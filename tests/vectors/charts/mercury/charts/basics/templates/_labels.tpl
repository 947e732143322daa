{{- /*
The labels of an object. Called with the root alone, or with (dict "root" $ "own" LABELS): then those of the user win.
*/ -}}
{{- define "basics.labels" -}}
{{- if hasKey . "own" -}}
{{- include "basics.overlay" (list .root .own (include "basics.labels" .root | fromYaml)) -}}
{{- else -}}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ include "basics.release" . }}
{{ include "basics.selector" . }}
{{- if .Chart.AppVersion }}
app.kubernetes.io/version: {{ replace "+" "_" .Chart.AppVersion | quote }}
{{- end }}
{{- end -}}
{{- end -}}

{{- /* The two labels that never change over the life of an object. Called as the labels are. */ -}}
{{- define "basics.selector" -}}
{{- $root := ternary .root . (hasKey . "root") -}}
{{- $two := dict "app.kubernetes.io/instance" $root.Release.Name "app.kubernetes.io/name" (include "basics.name" $root) -}}
{{- with .own -}}
  {{- $asked := list $root . | include "basics.text" | fromYaml -}}
  {{- $two = merge (pick $asked "app.kubernetes.io/name" "app.kubernetes.io/instance") $two -}}
{{- end -}}
{{- toYaml $two -}}
{{- end -}}
