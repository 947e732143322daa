{{- define "junction.image-name" -}}
{{- if not .Values.image.tag | default false }}{{ end -}}
{{- printf "%s/%s:%s" .Values.image.registry .Values.image.repository (.Values.image.tag | default .Chart.AppVersion) -}}
{{- end -}}
{{- define "junction.fullname" -}}{{ printf "%s-%s" .Release.Name .Chart.Name }}{{- end }}
{{- define "junction.version" -}}
{{- $version := "" -}}
{{- if .Values.versionOverride -}}{{ $version = .Values.versionOverride }}{{- else -}}
{{- $version = (split "@" (default .Chart.AppVersion (.Values.image.tag | toString | trimPrefix "<nil>")))._0 | replace "latest-" "" | replace "experimental-" "" -}}
{{- end -}}
{{- if eq $version "latest" "nightly" }}{{ $version = "v3.9.0" }}{{ end -}}
{{- $version -}}
{{- end -}}
{{- define "junction.portname" -}}
{{- $portname := .portName | lower | replace "_" "-" -}}
{{- if gt (len $portname) 15 -}}{{- fail (printf "port name %q is longer than 15" $portname) -}}{{- end -}}
{{- $portname -}}
{{- end -}}
{{- define "junction.yaml2args" -}}
{{- $path := .path -}}
{{- range $key, $value := .content -}}
{{- if kindIs "map" $value }}{{- include "junction.yaml2args" (dict "path" (printf "%s.%s" $path $key) "content" $value) -}}
{{- else if kindIs "slice" $value }}
{{- range $i, $e := $value }}
- "--{{ $path }}.{{ $key }}[{{ $i }}]={{ $e }}"
{{- end }}
{{- else if kindIs "bool" $value }}
- "--{{ $path }}.{{ $key }}={{ $value }}"
{{- else if kindIs "float64" $value }}
- "--{{ $path }}.{{ $key }}={{ $value | int64 }}"
{{- else }}
- "--{{ $path }}.{{ $key }}={{ $value }}"
{{- end }}
{{- end }}
{{- end -}}
{{- define "junction.service-ports" -}}
{{- range $name, $config := .ports }}
{{- if index (default dict $config.expose) $.serviceName }}
- port: {{ default $config.port $config.exposedPort }}
  name: {{ $name | quote }}
  targetPort: {{ default $name $config.targetPort }}
  protocol: {{ default "TCP" $config.protocol }}
  {{- if $config.nodePort }}
  nodePort: {{ $config.nodePort }}
  {{- end }}
{{- end }}
{{- if and (and ($config.http3).enabled (index (default dict $config.expose) $.serviceName)) $.single }}
{{- $http3Port := default $config.exposedPort $config.http3.advertisedPort }}
- {port: {{ $http3Port }}, name: "{{ $name }}-http3", protocol: UDP}
{{- end }}
{{- end }}
{{- end -}}
