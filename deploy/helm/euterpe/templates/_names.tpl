{{/* Names, labels and images. */}}

{{- define "euterpe.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* Labels that select pods; they must not change between chart versions. Takes root, component and, for a pool, pool. */}}
{{- define "euterpe.selector" -}}
app.kubernetes.io/name: {{ .root.Chart.Name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- with .pool }}
euterpe/pool: {{ . }}
{{- end }}
{{- end -}}

{{/* PriorityClasses are cluster-wide, so their names contain the namespace. Takes root and class. */}}
{{- define "euterpe.priorityClass" -}}
{{- printf "%s-%s-%s" .root.Release.Namespace (include "euterpe.fullname" .root) .class -}}
{{- end -}}

{{- define "euterpe.labels" -}}
{{ include "euterpe.selector" . }}
app.kubernetes.io/part-of: euterpe
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end -}}

{{/* Takes root, image (a component's own settings) and repository. A digest takes precedence over a tag. */}}
{{- define "euterpe.image" -}}
{{- $image := .image | default dict -}}
{{- $name := printf "%s/%s" .root.Values.image.registry ($image.repository | default .repository) -}}
{{- if $image.digest -}}
{{- printf "%s@%s" $name $image.digest -}}
{{- else -}}
{{- printf "%s:%s" $name ($image.tag | default .root.Values.image.tag | default .root.Chart.AppVersion) -}}
{{- end -}}
{{- end -}}

{{/* The Secret of a service; takes root and service. */}}
{{- define "euterpe.secretName" -}}
{{- $own := get (get .root.Values .service) "existingSecret" -}}
{{- $own | default (printf "%s-%s" (include "euterpe.fullname" .root) .service) -}}
{{- end -}}
