{{/* Checks that the schema cannot express. Every message names the key and the remedy. */}}
{{- define "euterpe.validate" -}}
{{- include "euterpe.validate.secrets" . -}}
{{- include "euterpe.validate.generators" . -}}
{{- include "euterpe.validate.sources" . -}}
{{- include "euterpe.validate.access" . -}}
{{- include "euterpe.validate.scaling" . -}}
{{- end -}}

{{- define "euterpe.validate.secrets" -}}
{{- if and .Values.trial.enabled .Values.externalSecrets.enabled -}}
{{- fail "trial.enabled and externalSecrets.enabled exclude each other: set one of them to false." -}}
{{- end -}}
{{- if not (or .Values.trial.enabled .Values.externalSecrets.enabled) -}}
{{- range $service, $keys := include "euterpe.secretKeys" . | fromYaml -}}
{{- if not (get $.Values $service).existingSecret -}}
{{- fail (printf "%s.existingSecret is empty: write the name of a Secret with the keys %s, or set externalSecrets.enabled or, for a trial, trial.enabled to true." $service (join ", " $keys)) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if and .Values.externalSecrets.enabled (not .Values.externalSecrets.storeRef.name) -}}
{{- fail "externalSecrets.storeRef.name is empty: write the name of the SecretStore that holds the secrets." -}}
{{- end -}}
{{- if not .Values.objectStore.bucket -}}
{{- fail "objectStore.bucket is empty: write the name of the S3 bucket for MIDI and audio files." -}}
{{- end -}}
{{- end -}}

{{- define "euterpe.validate.generators" -}}
{{- $names := list -}}
{{- range $index, $pool := .Values.generators -}}
{{- if has $pool.name $names -}}
{{- fail (printf "generators[%d].name %q is the name of another pool: use a unique name." $index $pool.name) -}}
{{- end -}}
{{- $names = append $names $pool.name -}}
{{- $values := include "euterpe.pool" (dict "root" $ "pool" $pool) | fromJson -}}
{{- if and $values.gpu.enabled (not $values.gpu.resourceName) -}}
{{- fail (printf "generators[%d].gpu.resourceName is empty: write a resource of the device plugin, e.g. nvidia.com/gpu, nvidia.com/gpu.shared or nvidia.com/mig-1g.10gb." $index) -}}
{{- end -}}
{{- $scaling := $values.autoscaling -}}
{{- if ne $scaling.kind "none" -}}
{{- if hasKey $pool "replicas" -}}
{{- fail (printf "generators[%d].replicas is set, but with autoscaling.kind %s the autoscaler decides the number of pods: remove replicas, or write autoscaling.minReplicas and maxReplicas." $index $scaling.kind) -}}
{{- end -}}
{{- if gt (int $scaling.minReplicas) (int $scaling.maxReplicas) -}}
{{- fail (printf "generators[%d].autoscaling.minReplicas is %d and maxReplicas is %d: write a maximum of at least the minimum." $index (int $scaling.minReplicas) (int $scaling.maxReplicas)) -}}
{{- end -}}
{{- if and (eq $scaling.kind "hpa") (lt (int $scaling.minReplicas) 1) -}}
{{- fail (printf "generators[%d].autoscaling.minReplicas is 0: only kind keda can scale to zero; write 1 or more." $index) -}}
{{- end -}}
{{- end -}}
{{- if and (eq $scaling.kind "keda") (eq $scaling.trigger "prometheus") -}}
{{- if not $scaling.prometheusAddress -}}
{{- fail (printf "generators[%d].autoscaling.prometheusAddress is empty: write the URL of Prometheus, or set trigger to postgresql." $index) -}}
{{- end -}}
{{- if lt (int $scaling.minReplicas) 1 -}}
{{- fail (printf "generators[%d].autoscaling.minReplicas is 0, but the trigger prometheus needs metrics of a pod: write 1, or set trigger to postgresql." $index) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "euterpe.validate.sources" -}}
{{- range $part := list "models" "soundfont" -}}
{{- $values := get $.Values $part -}}
{{- if and (eq $values.source "imageVolume") (not $values.image.reference) -}}
{{- fail (printf "%s.image.reference is empty: write the image to mount, with its digest, or set %s.source to image." $part $part) -}}
{{- end -}}
{{- if and (eq $values.source "claim") (not $values.claim.name) -}}
{{- fail (printf "%s.claim.name is empty: write the name of a PersistentVolumeClaim, or set %s.source to image." $part $part) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "euterpe.validate.access" -}}
{{- if and .Values.ingress.enabled (not .Values.ingress.host) -}}
{{- fail "ingress.host is empty: write the name of the public host, e.g. music.example.org." -}}
{{- end -}}
{{- if and .Values.gatewayApi.enabled (or (not .Values.gatewayApi.parentRefs) (not .Values.gatewayApi.hostnames)) -}}
{{- fail "gatewayApi.parentRefs and gatewayApi.hostnames must not be empty: name the Gateway and the host names." -}}
{{- end -}}
{{- if and .Values.networkPolicy.enabled (or .Values.ingress.enabled .Values.gatewayApi.enabled) (not .Values.networkPolicy.ingressFrom) -}}
{{- fail "networkPolicy.ingressFrom is empty: write the peers of the ingress controller, e.g. a namespaceSelector, or set networkPolicy.enabled to false." -}}
{{- end -}}
{{- end -}}

{{- define "euterpe.validate.scaling" -}}
{{- range $service := list "auth" "library" "generator" "converter" "web" -}}
{{- $scaling := (get $.Values $service).autoscaling -}}
{{- if and $scaling.enabled (gt (int $scaling.minReplicas) (int $scaling.maxReplicas)) -}}
{{- fail (printf "%s.autoscaling.minReplicas is %d and maxReplicas is %d: write a maximum of at least the minimum." $service (int $scaling.minReplicas) (int $scaling.maxReplicas)) -}}
{{- end -}}
{{- end -}}
{{- end -}}
