{{/* Pools of workers. */}}

{{/* A pool merged over generatorDefaults, as JSON; takes root and pool. */}}
{{- define "euterpe.pool" -}}
{{- $defaults := deepCopy .root.Values.generatorDefaults -}}
{{- $gpu := ternary (dict "requireGpu" true) dict (dig "gpu" "enabled" false .pool) -}}
{{- /* Not merge, to which false in a pool counts as absent. */ -}}
{{- $config := mergeOverwrite $gpu (deepCopy .root.Values.generator.config) (deepCopy (.pool.config | default dict)) -}}
{{- $merged := mergeOverwrite $defaults (deepCopy .pool) -}}
{{- $_ := set $merged "config" $config -}}
{{- toJson $merged -}}
{{- end -}}

{{- define "euterpe.poolContext" -}}
{{- $name := printf "%s-generator-%s" (include "euterpe.fullname" .root) .pool.name -}}
{{- dict "component" "generator-worker" "pool" .pool.name "fullName" $name | toJson -}}
{{- end -}}

{{/* Requests and limits of a pool's container, with its GPUs. The device plugin sets CUDA_VISIBLE_DEVICES. */}}
{{- define "euterpe.poolResources" -}}
{{- $resources := deepCopy .resources -}}
{{- if .gpu.enabled -}}
{{- $limits := merge (dict .gpu.resourceName (toString .gpu.count)) ($resources.limits | default dict) -}}
{{- $_ := set $resources "limits" $limits -}}
{{- end -}}
{{- toYaml $resources -}}
{{- end -}}

{{/* The ServiceAccount's token, where Kubernetes' clients expect it. It is mounted in workers only, and renewed every hour. */}}
{{- define "euterpe.apiToken.volumes" -}}
- name: kubernetes-api
  projected:
    defaultMode: 288
    sources:
      - serviceAccountToken: {path: token, expirationSeconds: 3600}
      - configMap: {name: kube-root-ca.crt, items: [{key: ca.crt, path: ca.crt}]}
      - downwardAPI: {items: [{path: namespace, fieldRef: {fieldPath: metadata.namespace}}]}
{{- end -}}

{{- define "euterpe.apiToken.mounts" -}}
- {name: kubernetes-api, mountPath: /var/run/secrets/kubernetes.io/serviceaccount, readOnly: true}
{{- end -}}

{{- define "euterpe.scalingKinds" -}}
{{- $kinds := list -}}
{{- range .Values.generators -}}
{{- $values := include "euterpe.pool" (dict "root" $ "pool" .) | fromJson -}}
{{- $kinds = append $kinds $values.autoscaling.kind -}}
{{- end -}}
{{- toJson $kinds -}}
{{- end -}}

{{/*
Running and queued generations, divided by one pod's slots times its target occupancy, and optionally the wait in the queue.
The queue is in PostgreSQL, so it is visible and durable without any pod. KEDA takes the highest of the triggers' numbers.
*/}}
{{- define "euterpe.kedaTrigger" -}}
{{- $scaling := .values.autoscaling -}}
{{- $slots := int (.values.config.slots | default 64) -}}
{{- $target := max 1 (div (mul $slots (int $scaling.targetSlotPercent)) 100) -}}
{{- if eq $scaling.trigger "postgresql" }}
- type: postgresql
  metadata:
    query: >-
      SELECT ceil(count(*) * {{ $scaling.sharePercent }} / 100.0)
      FROM generator.generations WHERE status IN ('queued', 'running')
    targetQueryValue: {{ $target | quote }}
    activationTargetQueryValue: {{ $scaling.activationGenerations | quote }}
  authenticationRef:
    name: {{ include "euterpe.fullname" .root }}-generator-queue
{{- if $scaling.targetWaitSeconds }}
- type: postgresql
  # Value, not AverageValue: the wait is that of the whole queue, however many pods there are.
  metricType: Value
  metadata:
    query: >-
      SELECT coalesce(percentile_cont(0.95) WITHIN GROUP (ORDER BY extract(epoch FROM now() - created_at)), 0)
      FROM generator.generations WHERE status = 'queued' AND NOT background
    targetQueryValue: {{ $scaling.targetWaitSeconds | quote }}
    activationTargetQueryValue: {{ $scaling.activationWaitSeconds | quote }}
  authenticationRef:
    name: {{ include "euterpe.fullname" .root }}-generator-queue
{{- end }}
{{- else }}
- type: prometheus
  metadata:
    serverAddress: {{ $scaling.prometheusAddress }}
    query: >-
      (sum(euterpe_generator_num_requests_running{namespace="{{ .root.Release.Namespace }}"})
      + max(euterpe_generator_queue_depth{namespace="{{ .root.Release.Namespace }}"})) * {{ $scaling.sharePercent }} / 100
    threshold: {{ $target | quote }}
    activationThreshold: {{ $scaling.activationGenerations | quote }}
{{- if $scaling.targetWaitSeconds }}
- type: prometheus
  metricType: Value
  metadata:
    serverAddress: {{ $scaling.prometheusAddress }}
    # Without claims in the last two minutes, the quantile is not a number.
    query: >-
      histogram_quantile(0.95, sum by (le)
      (rate(euterpe_generator_request_queue_time_seconds_bucket{namespace="{{ .root.Release.Namespace }}"}[2m]))) >= 0 or vector(0)
    threshold: {{ $scaling.targetWaitSeconds | quote }}
    activationThreshold: {{ $scaling.activationWaitSeconds | quote }}
{{- end }}
{{- end }}
{{- end -}}
