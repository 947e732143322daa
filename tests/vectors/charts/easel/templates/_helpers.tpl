{{- define "easel.whole" -}}{{ coalesce .Values.fullnameOverride (list .Release.Name .Chart.Name | join "-") | trunc 63 | trimSuffix "-" }}{{- end }}
{{- /* One line of the ini file, of (list ROOT KEY VALUE); nothing is written as nothing, a text may be a template. */}}
{{- define "easel.ini.line" -}}
{{- $value := last . }}
{{- index . 1 }} =
{{- if kindIs "slice" $value }} {{ toJson $value }}
{{- else if kindIs "string" $value }} {{ tpl $value (first .) }}
{{- else if not (kindIs "invalid" $value) }} {{ $value }}
{{- end }}
{{- end }}
{{- /* Keys of no section come before the sections. */}}
{{- define "easel.ini" -}}
{{- $sections := dict }}
{{- range $key, $value := get .Values "easel.ini" }}
{{- if kindIs "map" $value }}{{ $_ := set $sections $key $value }}
{{- else }}{{ list $ $key $value | include "easel.ini.line" | println }}
{{- end }}
{{- end }}
{{- range $section, $keys := $sections }}
{{ printf "[%s]" $section }}
{{- range $key, $value := $keys }}
{{ include "easel.ini.line" (list $ $key $value) }}
{{- end }}
{{- end }}
{{- end }}
{{- /* The newest API of an ingress that there is, and that the cluster is new enough for. */}}
{{- define "easel.ingress.api" -}}
{{- $has := list "extensions/v1beta1" }}
{{- range tuple "networking.k8s.io/v1beta1" "networking.k8s.io/v1" }}
{{- if $.Capabilities.APIVersions.Has . }}{{ $has = prepend $has . }}{{ end }}
{{- end }}
{{- if semverCompare "< 1.19-0" .Capabilities.KubeVersion.Version }}{{ $has = without $has "networking.k8s.io/v1" }}{{ end }}
{{- first $has }}
{{- end }}
{{- define "easel.ingress.stable" -}}
{{- hasSuffix "/v1" (include "easel.ingress.api" .) }}
{{- end }}
{{- /* An image of (list ROOT IMAGE): the registry of all images, and the version of the chart where there is no tag. */}}
{{- define "easel.image" -}}
{{- $root := first . }}
{{- with last . }}
{{- coalesce $root.Values.global.imageRegistry .registry }}/{{ .repository }}:{{ .tag | default $root.Chart.AppVersion }}
{{- with .sha }}{{ printf "@sha256:%s" . }}{{ end }}
{{- end }}
{{- end }}
{{- define "easel.pod" -}}
{{- $all := .Values -}}
serviceAccountName: {{ template "easel.whole" . }}
{{- if and $all.persistence.enabled $all.initChownData.enabled }}
initContainers:
  - name: owner
    image: {{ list . $all.initChownData.image | include "easel.image" | quote }}
{{- if $all.extraInitContainers }}
  {{- tpl ($all.extraInitContainers | toYaml) . | nindent 2 }}
{{- end }}
{{- end }}
{{- with concat $all.global.imagePullSecrets $all.image.pullSecrets }}
imagePullSecrets:
{{- range . }}
{{- if typeOf . | eq "map[string]interface {}" }}
- {{ tpl .name $ | dict "name" | toYaml | trim }}
{{- else }}
- name: {{ tpl . $ }}
{{- end }}
{{- end }}
{{- end }}
containers:
  - name: {{ .Chart.Name }}
    image: {{ list . $all.image | include "easel.image" | quote }}
    volumeMounts:
      {{- range $mount := $all.extraConfigmapMounts }}
      - readOnly: {{ $mount.readOnly }}
        {{- range tuple "name" "mountPath" "subPath" }}
        {{ . }}: {{ tpl (get $mount . | default "") $ }}
        {{- end }}
      {{- end }}
      {{- range $file := $all.datasources | keys | sortAlpha }}
      {{- $volume := hasKey (get $all.datasources $file) "secret" | ternary "config-secret" "config" }}
      - {subPath: {{ quote $file }}, mountPath: "/etc/easel/{{ $file }}", name: {{ $volume }}}
      {{- end }}
    env:
      {{- range $name, $from := $all.envValueFrom }}
      - valueFrom: {{- tpl (toYaml $from) $ | nindent 10 }}
        name: {{ quote $name }}
      {{- end }}
      {{- range $name, $is := $all.env }}
      - {name: "{{ tpl $name $ }}", value: "{{ tpl (toString $is) $ }}"}
      {{- end }}
    checks: {{ regexReplaceAll "[^a-z0-9]+" (lower $all.adminUser) "-${0}" | trimSuffix "-" }}
    {{- if $all.persistence.type | lower | eq "statefulset" | or (has $all.persistence.type (list "sts")) }}
    sts: true
    {{- end }}
{{- if $all.extraContainers }}
  {{- tpl $all.extraContainers . | nindent 2 }}
{{- end }}
{{- end }}
