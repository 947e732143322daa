{{- /*
Where pods go in view of others: "soft" asks, "hard" insists, anything else leaves it open.
(dict "root" $ "how" "soft" "component" NAME "also" LABELS "topology" KEY)
*/ -}}
{{- define "basics.affinity" -}}
{{- $topology := .topology | default "kubernetes.io/hostname" -}}
{{- if eq .how "hard" }}
requiredDuringSchedulingIgnoredDuringExecution:
  - topologyKey: {{ $topology }}
{{- else if eq .how "soft" -}}
preferredDuringSchedulingIgnoredDuringExecution:
  - weight: 1
    podAffinityTerm:
      topologyKey: {{ $topology }}
      labelSelector:
        matchLabels:
          {{- include "basics.selector" .root | nindent 10 }}
          {{- range $label, $value := .also | default dict }}
          {{ $label }}: {{ quote $value }}
          {{- end }}
          {{- with .component }}
          {{ print "app.kubernetes.io/component: " . }}
          {{- end }}
{{- end -}}
{{- end -}}

{{- /* What a container of a size asks for, and what it may take at most. */ -}}
{{- define "basics.size" -}}
{{- $sizes := dict "nano" (tuple "50m" "64Mi" "200m" "256Mi") "small" (tuple "400m" "512Mi" "1" "1Gi") -}}
{{- $size := get $sizes . | default list -}}
{{- if not $size -}}
  {{- keys $sizes | sortAlpha | join " or " | printf "a size is %[2]s, not %[1]q" . | fail -}}
{{- end -}}
{{- $asks := dict "cpu" (index $size 0) "memory" (index $size 1) "ephemeral-storage" "40Mi" -}}
{{- $most := dict "cpu" (index $size 2) "memory" (index $size 3) "ephemeral-storage" "1Gi" -}}
{{- dict "requests" $asks "limits" $most | toYaml -}}
{{- end -}}
