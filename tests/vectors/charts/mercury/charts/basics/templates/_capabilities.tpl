{{- /* The Kubernetes that is written for: what the values claim goes before what the cluster says. */ -}}
{{- define "basics.kubernetes" -}}
{{- coalesce ((.Values.global).kubeVersion) .Values.kubeVersion .Capabilities.KubeVersion.Version -}}
{{- end -}}

{{- /* The API version of a kind: (list ROOT KIND). A row: since when, the new one, the old one. */ -}}
{{- define "basics.api" -}}
{{- $rows := dict "HorizontalPodAutoscaler" (list "1.23" "autoscaling/v2" "autoscaling/v2beta1") -}}
{{- $_ := set $rows "PodDisruptionBudget" (list "1.21" "policy/v1" "policy/v1beta1") -}}
{{- $row := last . | get $rows -}}
{{- $new := first . | include "basics.kubernetes" | semverCompare (first $row | printf ">=%s-0") -}}
{{- $new | ternary 1 2 | index $row -}}
{{- end -}}

{{- define "basics.pathTypes" -}}
{{- include "basics.kubernetes" . | semverCompare ">=1.18-0" -}}
{{- end -}}

{{- /* A helm that says which it is has its version in the last braces of the capabilities. */ -}}
{{- define "basics.versioned" -}}
{{- toString .Capabilities | regexMatch "\\{v\\d[^{}]*\\}\\}$" -}}
{{- end -}}
