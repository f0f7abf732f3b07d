{{/* Small objects that every service has. */}}

{{- define "euterpe.metadata" -}}
name: {{ .fullName }}
namespace: {{ .root.Release.Namespace }}
labels:
  {{- include "euterpe.labels" . | nindent 2 }}
{{- end -}}

{{/* Takes ports: name → number. */}}
{{- define "euterpe.service" -}}
apiVersion: v1
kind: Service
metadata:
  {{- include "euterpe.metadata" . | nindent 2 }}
spec:
  type: {{ .type | default "ClusterIP" }}
  {{- if ne (.type | default "ClusterIP") "ClusterIP" }}
  externalTrafficPolicy: {{ .externalTrafficPolicy }}
  {{- end }}
  ports:
    {{- range $name, $port := .ports }}
    - name: {{ $name }}
      port: {{ $port }}
      targetPort: {{ $name }}
      appProtocol: {{ ternary (ternary "https" "kubernetes.io/h2c" $.root.Values.mtls.enabled) "http" (eq $name "grpc") }}
    {{- end }}
  selector:
    {{- include "euterpe.selector" . | nindent 4 }}
{{- end -}}

{{- define "euterpe.serviceAccount" -}}
apiVersion: v1
kind: ServiceAccount
metadata:
  {{- include "euterpe.metadata" . | nindent 2 }}
  {{- with .annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
automountServiceAccountToken: false
{{- end -}}

{{- define "euterpe.pdb" -}}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  {{- include "euterpe.metadata" . | nindent 2 }}
spec:
  maxUnavailable: 1
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector:
    matchLabels:
      {{- include "euterpe.selector" . | nindent 6 }}
{{- end -}}

{{- define "euterpe.hpa" -}}
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  {{- include "euterpe.metadata" . | nindent 2 }}
spec:
  scaleTargetRef:
    apiVersion: apps/v1
    kind: Deployment
    name: {{ .fullName }}
  minReplicas: {{ .scaling.minReplicas }}
  maxReplicas: {{ .scaling.maxReplicas }}
  metrics:
    - type: Resource
      resource:
        name: cpu
        target:
          type: Utilization
          averageUtilization: {{ .scaling.targetCpuPercent }}
  behavior:
    scaleDown:
      stabilizationWindowSeconds: 300
      policies:
        - {type: Pods, value: 1, periodSeconds: 60}
{{- end -}}

{{- define "euterpe.serviceMonitor" -}}
apiVersion: monitoring.coreos.com/v1
kind: PodMonitor
metadata:
  {{- include "euterpe.metadata" . | nindent 2 }}
    {{- with .root.Values.monitoring.podMonitor.labels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  # The rules and dashboards expect the component as job.
  jobLabel: app.kubernetes.io/component
  podTargetLabels: [euterpe/pool, euterpe/gpu]
  selector:
    matchLabels:
      {{- include "euterpe.selector" . | nindent 6 }}
  podMetricsEndpoints:
    - port: {{ .port | default "http" }}
      path: /metrics
      interval: {{ .root.Values.monitoring.podMonitor.interval }}
{{- end -}}

{{/*
Allows `from` (components of this release) and `peers` (raw peers) to reach `ports`, and the pods to reach `to`.
The policy in shared/networkpolicy.yaml blocks everything else.
*/}}
{{- define "euterpe.networkPolicy" -}}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  {{- include "euterpe.metadata" . | nindent 2 }}
spec:
  podSelector:
    matchLabels:
      {{- include "euterpe.selector" (omit . "pool") | nindent 6 }}
  policyTypes: [Ingress, Egress]
  {{- $ingress := include "euterpe.policyIngress" . | trim }}
  {{- $egress := include "euterpe.policyEgress" . | trim }}
  ingress: {{- $ingress | default "[]" | nindent 4 }}
  egress: {{- $egress | default "[]" | nindent 4 }}
{{- end -}}

{{- define "euterpe.policyIngress" -}}
{{- range .ingress }}
- ports:
    {{- range .ports }}
    - {protocol: TCP, port: {{ . }}}
    {{- end }}
  {{- if or .components .peers }}
  from:
    {{- range .components }}
    - podSelector:
        matchLabels:
          {{- include "euterpe.selector" (dict "root" $.root "component" .) | nindent 10 }}
    {{- end }}
    {{- with .peers }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- end }}
{{- end }}
{{- with .root.Values.networkPolicy.metricsFrom }}
- from:
    {{- toYaml . | nindent 4 }}
  ports:
    - {protocol: TCP, port: {{ $.metricsPort | default 8000 }}}
{{- end }}
{{- end -}}

{{- define "euterpe.policyEgress" -}}
{{- range $component, $port := .to }}
- to:
    - podSelector:
        matchLabels:
          {{- include "euterpe.selector" (dict "root" $.root "component" $component) | nindent 10 }}
  ports:
    - {protocol: TCP, port: {{ $port }}}
{{- end }}
{{- range .outside }}
{{ include (printf "euterpe.egress.%s" .) $.root | trim }}
{{- end }}
{{- if not (has .component (list "migrations" "test")) }}
{{- with .root.Values.tracing.endpoint }}
- to:
    {{- toYaml $.root.Values.networkPolicy.tracing.to | nindent 4 }}
  ports:
    - {protocol: TCP, port: {{ regexFind "[0-9]+$" . }}}
{{- end }}
{{- end }}
{{- end -}}

{{- define "euterpe.egress.smtp" -}}
- to:
    {{- toYaml .Values.networkPolicy.smtp.to | nindent 4 }}
  ports:
    - {protocol: TCP, port: {{ .Values.auth.config.smtpPort | default 587 }}}
{{- end -}}

{{- define "euterpe.egress.oidc" -}}
- to:
    {{- toYaml .Values.networkPolicy.oidc.to | nindent 4 }}
  ports:
    - {protocol: TCP, port: {{ .Values.networkPolicy.oidc.port }}}
{{- end -}}

{{- define "euterpe.egress.kubernetesApi" -}}
- to:
    {{- toYaml .Values.networkPolicy.kubernetesApi.to | nindent 4 }}
  ports:
    {{- range .Values.networkPolicy.kubernetesApi.ports }}
    - {protocol: TCP, port: {{ . }}}
    {{- end }}
{{- end -}}

{{- define "euterpe.egress.postgres" -}}
{{- if .Values.trial.enabled }}
- to:
    - podSelector:
        matchLabels:
          {{- include "euterpe.selector" (dict "root" . "component" "trial-postgres") | nindent 10 }}
  ports:
    - {protocol: TCP, port: 5432}
{{- else }}
- to:
    {{- toYaml .Values.networkPolicy.postgres.to | nindent 4 }}
  ports:
    - {protocol: TCP, port: {{ .Values.networkPolicy.postgres.port }}}
{{- end }}
{{- end -}}

{{- define "euterpe.egress.objectStore" -}}
{{- if .Values.trial.enabled }}
- to:
    - podSelector:
        matchLabels:
          {{- include "euterpe.selector" (dict "root" . "component" "trial-object-store") | nindent 10 }}
  ports:
    - {protocol: TCP, port: 8333}
{{- else }}
- to:
    {{- toYaml .Values.networkPolicy.objectStore.to | nindent 4 }}
  ports:
    - {protocol: TCP, port: {{ .Values.networkPolicy.objectStore.port }}}
{{- end }}
{{- end -}}
