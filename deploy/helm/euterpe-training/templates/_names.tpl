{{/* Names, labels and the image. JobSet adds -node-0-0 to the name, and a pod's name is a DNS label. */}}

{{- define "training.name" -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{- define "training.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "training.labels" -}}
{{ include "training.selector" . }}
app.kubernetes.io/component: training
app.kubernetes.io/part-of: euterpe
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{- define "training.metadata" -}}
name: {{ include "training.name" . }}
namespace: {{ .Release.Namespace }}
labels:
  {{- include "training.labels" . | nindent 2 }}
{{- end -}}

{{/* Metadata of what Kueue admits. */}}
{{- define "training.workloadMetadata" -}}
{{ include "training.metadata" . }}
{{- with .Values.kueue.queue }}
  kueue.x-k8s.io/queue-name: {{ . }}
{{- end }}
{{- with .Values.kueue.priorityClass }}
  kueue.x-k8s.io/priority-class: {{ . }}
{{- end }}
{{- end -}}

{{- define "training.image" -}}
{{- $name := printf "%s/euterpe-training" .Values.image.registry -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" $name .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" $name (.Values.image.tag | default .Chart.AppVersion) -}}
{{- end -}}
{{- end -}}

{{/* The file that `euterpe-train run` reads. */}}
{{- define "training.plan" -}}
{{- $plan := dict "store" (printf "s3://%s" .Values.objectStore.bucket) "corpus" .Values.corpus "models" .Values.models
  "run" (.Values.run | default (printf "runs/%s" .Release.Name)) "train" .Values.train "export" .Values.export
  "evaluate" .Values.evaluate "upload_seconds" .Values.uploadSeconds -}}
{{- toPrettyJson $plan -}}
{{- end -}}

{{- define "training.validate" -}}
{{- if not .Values.corpus -}}
{{- fail "corpus is empty: write the path of the corpus in the bucket, e.g. corpora/classical." -}}
{{- end -}}
{{- if not .Values.objectStore.existingSecret -}}
{{- fail "objectStore.existingSecret is empty: write the name of a Secret with the keys s3-access-key-id and s3-secret-access-key." -}}
{{- end -}}
{{- if and (eq .Values.kind "job") (gt (int .Values.nodes) 1) -}}
{{- fail (printf "nodes is %d, but kind job runs on one node: set nodes to 1, or kind to trainjob or jobset." (int .Values.nodes)) -}}
{{- end -}}
{{- if and (ne (first .Values.train) "crnngan") (or (gt (int .Values.nodes) 1) (gt (int .Values.processesPerNode) 1)) -}}
{{- fail (printf "nodes and processesPerNode must be 1 for %s: only crnngan trains on several processes." (first .Values.train)) -}}
{{- end -}}
{{- end -}}
