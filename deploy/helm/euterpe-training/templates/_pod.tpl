{{/* The Job of all nodes, and its pods, which satisfy the "restricted" Pod Security Standard. */}}

{{/* Takes root and restarts. */}}
{{- define "training.jobSpec" -}}
completionMode: Indexed
completions: {{ .root.Values.nodes }}
parallelism: {{ .root.Values.nodes }}
backoffLimit: {{ .restarts }}
podFailurePolicy:
  rules:
    # Wrong arguments, which a restart does not correct.
    - action: FailJob
      onExitCodes: {containerName: node, operator: In, values: [2]}
    - action: Ignore
      onPodConditions: [{type: DisruptionTarget, status: "True"}]
template:
  metadata:
    labels:
      {{- include "training.labels" .root | nindent 6 }}
    annotations:
      kubectl.kubernetes.io/default-container: node
  spec:
    {{- include "training.podSpec" .root | nindent 4 }}
{{- end -}}

{{- define "training.podSpec" -}}
serviceAccountName: {{ include "training.name" . }}
automountServiceAccountToken: false
enableServiceLinks: false
restartPolicy: Never
terminationGracePeriodSeconds: {{ .Values.terminationGraceSeconds }}
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: {type: RuntimeDefault}
{{- range $field := list "runtimeClassName" "priorityClassName" }}
{{- with get $.Values $field }}
{{ $field }}: {{ . }}
{{- end }}
{{- end }}
{{- range $field := list "nodeSelector" "affinity" "tolerations" }}
{{- with get $.Values $field }}
{{ $field }}:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- if .Values.tensorboard.enabled }}
initContainers:
  - name: tensorboard
    # Ends with the run.
    restartPolicy: Always
    image: {{ include "training.image" . }}
    imagePullPolicy: {{ .Values.image.pullPolicy }}
    command: [tensorboard, --logdir=/data/run/tensorboard, --host=127.0.0.1, --port=6006, --reload_interval=30]
    securityContext:
      {{- include "training.containerSecurity" . | nindent 6 }}
    resources:
      requests: {cpu: 20m, memory: 256Mi}
      limits: {memory: 512Mi}
    volumeMounts:
      - {name: tmp, mountPath: /tmp}
      - {name: data, mountPath: /data, readOnly: true}
{{- end }}
containers:
  # Kubeflow Trainer knows the container by this name.
  - name: node
    image: {{ include "training.image" . }}
    imagePullPolicy: {{ .Values.image.pullPolicy }}
    args: [run, /etc/euterpe/plan.json, --data, /data, --metrics-port, "8000"]
    env:
      {{- include "training.env" . | nindent 6 }}
    ports:
      - {name: metrics, containerPort: 8000, protocol: TCP}
    securityContext:
      {{- include "training.containerSecurity" . | nindent 6 }}
    resources:
      {{- toYaml .Values.resources | nindent 6 }}
    volumeMounts:
      - {name: tmp, mountPath: /tmp}
      - {name: data, mountPath: /data}
      - {name: plan, mountPath: /etc/euterpe, readOnly: true}
      - {name: shared-memory, mountPath: /dev/shm}
volumes:
  - name: tmp
    emptyDir: {sizeLimit: 2Gi}
  - name: shared-memory
    emptyDir: {medium: Memory, sizeLimit: {{ .Values.sharedMemory }}}
  - name: plan
    configMap: {name: {{ include "training.name" . }}}
  - name: data
    {{- if .Values.data.storageClassName }}
    ephemeral:
      volumeClaimTemplate:
        spec:
          accessModes: [ReadWriteOnce]
          storageClassName: {{ .Values.data.storageClassName }}
          resources: {requests: {storage: {{ .Values.data.size }}}}
    {{- else }}
    emptyDir: {sizeLimit: {{ .Values.data.size }}}
    {{- end }}
{{- end -}}

{{- define "training.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
runAsNonRoot: true
capabilities: {drop: [ALL]}
{{- end -}}

{{/* torchrun's variables are set by Trainer for a TrainJob, and here for the other kinds. */}}
{{- define "training.env" -}}
- name: AWS_REGION
  value: {{ .Values.objectStore.region }}
{{- with .Values.objectStore.endpointUrl }}
- name: AWS_ENDPOINT_URL
  value: {{ . }}
{{- end }}
- name: AWS_ACCESS_KEY_ID
  valueFrom: {secretKeyRef: {name: {{ .Values.objectStore.existingSecret }}, key: s3-access-key-id}}
- name: AWS_SECRET_ACCESS_KEY
  valueFrom: {secretKeyRef: {name: {{ .Values.objectStore.existingSecret }}, key: s3-secret-access-key}}
{{- if ne .Values.kind "trainjob" }}
- name: PET_NNODES
  value: {{ .Values.nodes | quote }}
- name: PET_NPROC_PER_NODE
  value: {{ .Values.processesPerNode | quote }}
- name: PET_NODE_RANK
  valueFrom: {fieldRef: {fieldPath: "metadata.annotations['batch.kubernetes.io/job-completion-index']"}}
{{- end }}
{{- if and (eq .Values.kind "jobset") (gt (int .Values.nodes) 1) }}
- name: PET_MASTER_ADDR
  value: {{ include "training.name" . }}-node-0-0.{{ include "training.name" . }}
- name: PET_MASTER_PORT
  value: "29400"
{{- end }}
{{- end -}}

{{/* The JobSet's spec; also the template of the TrainingRuntime. */}}
{{- define "training.jobSetSpec" -}}
failurePolicy:
  maxRestarts: {{ .Values.maxRestarts }}
  rules:
    - {name: wrong-arguments, action: FailJobSet, onJobFailureReasons: [PodFailurePolicy]}
replicatedJobs:
  - name: node
    replicas: 1
    template:
      metadata:
        labels:
          {{- include "training.labels" . | nindent 10 }}
          trainer.kubeflow.org/trainjob-ancestor-step: trainer
      spec:
        {{- include "training.jobSpec" (dict "root" . "restarts" 0) | nindent 8 }}
{{- end -}}
