{{- define "easel.fullname" -}}{{- .Values.fullnameOverride | default (printf "%s-%s" .Release.Name .Chart.Name) | trunc 63 | trimSuffix "-" }}{{- end }}
{{- define "easel.ini" -}}
{{- range $elem, $elemVal := index .Values "easel.ini" }}
  {{- if not (kindIs "map" $elemVal) }}
  {{- if kindIs "invalid" $elemVal }}
  {{- $elem }} =
  {{- else if kindIs "slice" $elemVal }}
  {{- $elem }} = {{ toJson $elemVal }}
  {{- else if kindIs "string" $elemVal }}
  {{- $elem }} = {{ tpl $elemVal $ }}
  {{- else }}
  {{- $elem }} = {{ $elemVal }}
  {{- end }}
  {{- end }}
{{ end }}
{{- range $key, $value := index .Values "easel.ini" }}
{{- if kindIs "map" $value }}
[{{ $key }}]
{{- range $elem, $elemVal := $value }}
{{- if kindIs "string" $elemVal }}
{{ $elem }} = {{ tpl $elemVal $ }}
{{- else if kindIs "invalid" $elemVal }}
{{ $elem }} =
{{- else }}
{{ $elem }} = {{ $elemVal }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- define "easel.ingress.apiVersion" -}}
{{- if and ($.Capabilities.APIVersions.Has "networking.k8s.io/v1") (semverCompare ">= 1.19-0" .Capabilities.KubeVersion.Version) }}
{{- print "networking.k8s.io/v1" }}
{{- else if $.Capabilities.APIVersions.Has "networking.k8s.io/v1beta1" }}
{{- print "networking.k8s.io/v1beta1" }}
{{- else }}
{{- print "extensions/v1beta1" }}
{{- end }}
{{- end }}
{{- define "easel.ingress.isStable" -}}
{{- eq (include "easel.ingress.apiVersion" .) "networking.k8s.io/v1" }}
{{- end }}
{{- define "easel.pod" -}}
{{- $sts := list "sts" "StatefulSet" "statefulset" -}}
{{- $root := . -}}
serviceAccountName: {{ include "easel.fullname" . }}
{{- if ( and .Values.persistence.enabled .Values.initChownData.enabled ) }}
initContainers:
  - name: init-chown-data
    {{- $registry := .Values.global.imageRegistry | default .Values.initChownData.image.registry -}}
    {{- if .Values.initChownData.image.sha }}
    image: "{{ $registry }}/{{ .Values.initChownData.image.repository }}:{{ .Values.initChownData.image.tag }}@sha256:{{ .Values.initChownData.image.sha }}"
    {{- else }}
    image: "{{ $registry }}/{{ .Values.initChownData.image.repository }}:{{ .Values.initChownData.image.tag }}"
    {{- end }}
{{- with .Values.extraInitContainers }}
  {{- tpl (toYaml .) $root | nindent 2 }}
{{- end }}
{{- end }}
{{- if or .Values.image.pullSecrets .Values.global.imagePullSecrets }}
imagePullSecrets:
{{- range (concat .Values.global.imagePullSecrets .Values.image.pullSecrets) }}
{{- if eq (typeOf .) "map[string]interface {}" }}
- {{ toYaml (dict "name" (tpl .name $root)) | trim }}
{{- else }}
- name: {{ tpl . $root }}
{{- end }}
{{- end }}
{{- end }}
containers:
  - name: {{ .Chart.Name }}
    {{- $registry := .Values.global.imageRegistry | default .Values.image.registry -}}
    {{- if .Values.image.sha }}
    image: "{{ $registry }}/{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}@sha256:{{ .Values.image.sha }}"
    {{- else }}
    image: "{{ $registry }}/{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}"
    {{- end }}
    volumeMounts:
      {{- range .Values.extraConfigmapMounts }}
      - name: {{ tpl .name $root }}
        mountPath: {{ tpl .mountPath $root }}
        subPath: {{ tpl (.subPath | default "") $root }}
        readOnly: {{ .readOnly }}
      {{- end }}
      {{- $datasources := .Values.datasources }}
      {{- range (keys .Values.datasources | sortAlpha) }}
      {{- if (or (hasKey (index $datasources .) "secret")) }}
      - {name: config-secret, mountPath: "/etc/easel/{{ . }}", subPath: {{ . | quote }}}
      {{- else }}
      - {name: config, mountPath: "/etc/easel/{{ . }}", subPath: {{ . | quote }}}
      {{- end }}
      {{- end }}
    env:
      {{- range $key, $value := .Values.envValueFrom }}
      - name: {{ $key | quote }}
        valueFrom:
          {{- tpl (toYaml $value) $ | nindent 10 }}
      {{- end }}
      {{- range $key, $value := .Values.env }}
      - name: "{{ tpl $key $ }}"
        value: "{{ tpl (print $value) $ }}"
      {{- end }}
    checks: {{ regexReplaceAll "[^a-z0-9]+" (lower .Values.adminUser) "-${0}" | trimSuffix "-" }}
    {{- if has .Values.persistence.type $sts }}
    sts: true
    {{- end }}
{{- with .Values.extraContainers }}
  {{- tpl . $ | nindent 2 }}
{{- end }}
{{- end }}
