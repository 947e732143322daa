{{- define "exporter.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- define "exporter.image" -}}
{{- $temp := .Values.image.repository -}}
{{- $reg := .Values.image.registry -}}
{{- if .Values.global }}{{ with .Values.global.imageRegistry }}{{ $reg = . }}{{ end }}{{- end -}}
{{- if .Values.image.sha }}{{ fail "image.sha is gone: use image.digest" }}{{- end }}
{{- $tag := default (printf "v%s" .Chart.AppVersion) .Values.image.tag -}}
{{- if .Values.image.digest }}
{{- printf "%s/%s:%s@%s" $reg $temp $tag .Values.image.digest }}
{{- else }}
{{- printf "%s/%s:%s" $reg $temp $tag }}
{{- end }}
{{- end -}}
