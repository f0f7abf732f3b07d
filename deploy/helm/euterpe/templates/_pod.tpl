{{/* Parts of a pod. Every pod satisfies the "restricted" Pod Security Standard. */}}

{{- define "euterpe.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "euterpe.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
runAsNonRoot: true
capabilities:
  drop: [ALL]
{{- end -}}

{{/* Fields of every pod's spec; takes root, account and values (of the component). */}}
{{- define "euterpe.podBase" -}}
serviceAccountName: {{ .account }}
automountServiceAccountToken: false
# Service links would set EUTERPE_AUTH_PORT for the Service euterpe-auth, which is also the name of a setting.
enableServiceLinks: false
securityContext:
  {{- include "euterpe.podSecurity" . | nindent 2 }}
{{- with .root.Values.image.pullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.runtimeClassName }}
runtimeClassName: {{ . }}
{{- end }}
{{- end -}}

{{- define "euterpe.spread" -}}
{{- range $key := list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
- maxSkew: 1
  topologyKey: {{ $key }}
  whenUnsatisfiable: ScheduleAnyway
  matchLabelKeys: [pod-template-hash]
  labelSelector:
    matchLabels:
      {{- include "euterpe.selector" $ | nindent 6 }}
{{- end }}
{{- end -}}

{{- define "euterpe.priority" -}}
{{- $default := ternary (include "euterpe.priorityClass" .) "" .root.Values.priorityClasses.create -}}
{{- with .values.priorityClassName | default $default }}
priorityClassName: {{ . }}
{{- end }}
{{- end -}}

{{/*
Probes. Liveness has no dependencies, so that an outage of PostgreSQL or S3 restarts no pod.
Takes values and port.
*/}}
{{- define "euterpe.probes" -}}
startupProbe:
  httpGet: {path: /healthz, port: {{ .port }}}
  periodSeconds: 2
  failureThreshold: {{ div (add .values.startupSeconds 1) 2 }}
livenessProbe:
  httpGet: {path: /healthz, port: {{ .port }}}
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 6
# A terminating pod loses its endpoint without this probe. So the probe tolerates failures: under a load that slows all
# pods, removing them one by one would turn slow responses into errors.
readinessProbe:
  httpGet: {path: /readyz, port: {{ .port }}}
  periodSeconds: 3
  timeoutSeconds: 5
  failureThreshold: 4
{{- end -}}

{{/*
A service's Deployment.
Takes root, component (label), service (its image, environment and settings), fullName, values, env, grpc (bool),
and optionally pool, class, strategy, repository, models (bool), soundfont (bool), resources, annotations.
*/}}
{{- define "euterpe.deployment" -}}
{{- $image := include "euterpe.image" (dict "root" .root "image" .values.image "repository" .repository) -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .fullName }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "euterpe.labels" . | nindent 4 }}
spec:
  {{- if not .autoscaled }}
  replicas: {{ .values.replicas }}
  {{- else if and .root.Release.IsInstall (eq (int .values.autoscaling.minReplicas) 0) }}
  # Without a number, the Deployment would start with one pod. Later, the number belongs to the autoscaler.
  replicas: 0
  {{- end }}
  revisionHistoryLimit: 3
  minReadySeconds: 5
  strategy:
    rollingUpdate:
      {{- toYaml (.strategy | default (dict "maxSurge" 1 "maxUnavailable" 0)) | nindent 6 }}
  selector:
    matchLabels:
      {{- include "euterpe.selector" . | nindent 6 }}
  template:
    metadata:
      labels:
        {{- include "euterpe.labels" . | nindent 8 }}
        {{- if .gpu }}
        euterpe/gpu: "true"
        {{- end }}
      annotations:
        kubectl.kubernetes.io/default-container: {{ .service }}
        {{- if .root.Values.monitoring.scrapeAnnotations }}
        prometheus.io/scrape: "true"
        prometheus.io/port: {{ .metricsPort | default 8000 | quote }}
        prometheus.io/path: /metrics
        {{- end }}
        {{- with .checksum }}
        checksum/config: {{ . }}
        {{- end }}
        {{- with .values.podAnnotations }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
    spec:
      {{- include "euterpe.podBase" (dict "root" .root "values" .values "account" (printf "%s-%s" (include "euterpe.fullname" .root) .service)) | nindent 6 }}
      {{- include "euterpe.priority" (dict "root" .root "values" .values "class" (.class | default "serving")) | trim | nindent 6 }}
      terminationGracePeriodSeconds: {{ include "euterpe.grace" .values }}
      topologySpreadConstraints:
        {{- include "euterpe.spread" . | trim | nindent 8 }}
      containers:
        - name: {{ .service }}
          image: {{ $image }}
          imagePullPolicy: {{ .root.Values.image.pullPolicy }}
          {{- with .args }}
          args:
            {{- toYaml . | nindent 12 }}
          {{- end }}
          {{- with .env }}
          env:
            {{- . | trim | nindent 12 }}
          {{- end }}
          ports:
            - {name: http, containerPort: 8000}
            {{- if .grpc }}
            - {name: grpc, containerPort: 9090}
            {{- end }}
            {{- if .metricsPort }}
            - {name: metrics, containerPort: {{ .metricsPort }}}
            {{- end }}
          {{- include "euterpe.probes" (dict "values" .values "port" (ternary "metrics" "http" (not (empty .metricsPort)))) | nindent 10 }}
          {{- with .values.preStopSeconds }}
          lifecycle:
            # Time for all proxies to remove this pod before it stops accepting connections.
            preStop:
              sleep: {seconds: {{ . }}}
          {{- end }}
          securityContext:
            {{- include "euterpe.containerSecurity" . | nindent 12 }}
          resources:
            {{- .resources | default (toYaml .values.resources) | trim | nindent 12 }}
          volumeMounts:
            - name: tmp
              mountPath: /tmp
            {{- if .models }}
            {{- include "euterpe.models.mounts" .root | trim | nindent 12 }}
            {{- end }}
            {{- if .soundfont }}
            {{- include "euterpe.soundfont.mounts" .root | trim | nindent 12 }}
            {{- end }}
            {{- if include "euterpe.mtls.secret" . }}
            - {name: certificates, mountPath: /certificates, readOnly: true}
            {{- end }}
            {{- with .mounts }}
            {{- toYaml . | nindent 12 }}
            {{- end }}
      volumes:
        {{- include "euterpe.tmp.volume" .values.tmpSize | nindent 8 }}
        {{- if .models }}
        {{- include "euterpe.models.volumes" .root | trim | nindent 8 }}
        {{- end }}
        {{- if .soundfont }}
        {{- include "euterpe.soundfont.volumes" .root | trim | nindent 8 }}
        {{- end }}
        {{- with include "euterpe.mtls.secret" . }}
        - name: certificates
          secret: {secretName: {{ . }}, defaultMode: 288}
        {{- end }}
        {{- with .volumes }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
{{- end -}}

{{/* The sum of preStop, draining, open requests, the worker's grace period and shutdown. */}}
{{- define "euterpe.grace" -}}
{{- add .preStopSeconds (mul 2 .shutdownGraceSeconds) 25 -}}
{{- end -}}
