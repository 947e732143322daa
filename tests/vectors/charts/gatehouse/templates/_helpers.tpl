{{- define "gatehouse.whole" -}}{{ coalesce .Values.nameOverride .Chart.Name | list .Release.Name | join "-" | trunc 63 | trimSuffix "-" }}{{- end -}}
{{- /* The chroot build of an image is another image, with a digest of its own. */ -}}
{{- define "gatehouse.build" -}}
{{- .image -}}{{- with .chroot -}}{{ print "-chroot" }}{{- end -}}
{{- end -}}
{{- define "gatehouse.pin" -}}
{{- with ternary .digestChroot .digest (default false .chroot) -}}{{ printf "@%s" . }}{{- end -}}
{{- end -}}
{{- define "gatehouse.reference" -}}
{{- with coalesce .image.registry .global.image.registry -}}{{ . }}/{{- end -}}
{{- with .image -}}
{{- include "gatehouse.build" . -}}{{- if .tag }}:{{ .tag }}{{ end -}}{{ include "gatehouse.pin" . }}
{{- end -}}
{{- end -}}
{{- define "gatehouse.arguments" -}}
{{- $own := include "gatehouse.whole" . -}}
{{- $c := .Values.controller -}}
- /gatehouse-controller
- --controller-class={{ $c.ingressClassResource.controllerValue }}
{{- with .Values.defaultBackend }}{{ if .enabled }}
- --default-backend-service=$(POD_NAMESPACE)/{{ $own }}-{{ .name }}
{{- end }}{{ end }}
{{- with $c.publishService }}{{ if .enabled }}
- --publish-service={{ .path }}
{{- end }}{{ end }}
{{- with .Values.tcp }}
- --tcp-services-configmap={{ $c.tcpNamespace | default "$(POD_NAMESPACE)" }}/{{ $own }}-tcp
{{- end }}
{{- if (semverCompare "<=1.25-x" .Capabilities.KubeVersion.Version | and $c.enableAnnotationValidations) }}
- --old
{{- end }}
{{- range $flag, $is := $c.extraArgs }}
- --{{ $flag }}{{ with $is }}={{ . }}{{ end }}
{{- /* an argument without a value is a switch */}}
{{- end }}
{{- end -}}
{{- define "module" -}}
{{- $name := .name -}}
- name: {{ $name }}
  {{- with .image }}
  {{- $from := .repository | default (printf "%s/%s" .registry (include "gatehouse.build" .)) }}
  image: {{ $from }}:{{ .tag }}{{ with .digest }}@{{ . }}{{ end }}
  command:
  {{- range ternary (list "/init_module") (list "sh" "-c" "/usr/local/bin/init_module.sh") (default false .distroless) }}
    - {{ . }}
  {{- end }}
  {{- end }}
{{- end -}}
