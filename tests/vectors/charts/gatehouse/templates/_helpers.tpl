{{- define "gatehouse.fullname" -}}{{ printf "%s-%s" .Release.Name (default .Chart.Name .Values.nameOverride) | trunc 63 | trimSuffix "-" }}{{- end -}}
{{- define "gatehouse.image" -}}
{{- if .chroot -}}{{- printf "%s-chroot" .image -}}{{- else -}}{{- printf "%s" .image -}}{{- end }}
{{- end -}}
{{- define "gatehouse.imageDigest" -}}
{{- if .chroot -}}{{- if .digestChroot -}}{{- printf "@%s" .digestChroot -}}{{- end }}
{{- else -}}{{ if .digest -}}{{- printf "@%s" .digest -}}{{- end -}}
{{- end -}}
{{- end -}}
{{- define "gatehouse.reference" -}}
{{- $img := .image -}}{{- with ($img.registry | default .global.image.registry) -}}{{ . }}/{{- end -}}
{{- include "gatehouse.image" $img -}}{{- with $img.tag }}:{{ . }}{{ end -}}{{ include "gatehouse.imageDigest" $img }}
{{- end -}}
{{- define "gatehouse.params" -}}
- /gatehouse-controller
{{- if .Values.defaultBackend.enabled }}
- --default-backend-service=$(POD_NAMESPACE)/{{ include "gatehouse.fullname" . }}-{{ .Values.defaultBackend.name }}
{{- end }}
{{- if and .Values.controller.publishService .Values.controller.publishService.enabled }}
- --publish-service={{ .Values.controller.publishService.path }}
{{- end }}
- --controller-class={{ .Values.controller.ingressClassResource.controllerValue }}
{{- if .Values.tcp }}
- --tcp-services-configmap={{ default "$(POD_NAMESPACE)" .Values.controller.tcpNamespace }}/{{ include "gatehouse.fullname" . }}-tcp
{{- end }}
{{- if (semverCompare "<=1.25-x" .Capabilities.KubeVersion.Version | and .Values.controller.enableAnnotationValidations) }}
- --old
{{- end }}
{{- range $key, $value := .Values.controller.extraArgs }}
{{- /* an argument without a value is a switch */}}
{{- if $value }}
- --{{ $key }}={{ $value }}
{{- else }}
- --{{ $key }}
{{- end }}
{{- end }}
{{- end -}}
{{- define "extraModules" -}}
- name: {{ .name }}
  {{- with .image }}
  image: {{ if .repository }}{{ .repository }}{{ else }}{{ .registry }}/{{ include "gatehouse.image" . }}{{ end }}:{{ .tag }}{{ if .digest }}@{{ .digest }}{{ end }}
  command:
  {{- if .distroless }}
    - /init_module
  {{- else }}
    - sh
    - -c
    - /usr/local/bin/init_module.sh
  {{- end }}
  {{- end }}
{{- end -}}
