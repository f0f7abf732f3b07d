{{/* The environment of each service. tests/deploy compares its variables with the services' settings. */}}

{{/* One variable from a Secret; takes root, service, variable and key. */}}
{{- define "euterpe.env.secret" -}}
- name: {{ .variable }}
  valueFrom:
    secretKeyRef:
      name: {{ include "euterpe.secretName" . }}
      key: {{ .key }}
{{- end -}}

{{/* Variables of every service; takes root, service, config and grace. Lists and maps are written as JSON. */}}
{{- define "euterpe.env.base" -}}
{{- $prefix := printf "EUTERPE_%s_" (upper .service) -}}
- name: {{ $prefix }}HOST
  value: 0.0.0.0
- name: {{ $prefix }}PORT
  value: "8000"
- name: {{ $prefix }}SHUTDOWN_GRACE_SECONDS
  value: {{ .grace | quote }}
- name: {{ $prefix }}DRAIN_SECONDS
  value: {{ ternary 0 .root.Values.drainSeconds (.worker | default false) | quote }}
- name: {{ $prefix }}TRUSTED_PROXIES
  value: {{ toJson .root.Values.trustedProxies | quote }}
{{- if .root.Values.mtls.enabled }}
- name: {{ $prefix }}RPC_TLS_DIRECTORY
  value: /certificates
{{- end }}
{{- with .root.Values.tracing.endpoint }}
- name: {{ $prefix }}TRACES_ENDPOINT
  value: {{ . }}
- name: {{ $prefix }}TRACES_SHARE
  value: {{ $.root.Values.tracing.share | quote }}
{{- end }}
{{- range $key, $value := .config }}
- name: {{ $prefix }}{{ $key | snakecase | upper }}
{{- if or (kindIs "map" $value) (kindIs "slice" $value) }}
  value: {{ toJson $value | quote }}
{{- else if kindIs "float64" $value }}
  value: {{ toJson $value | quote }}
{{- else }}
  value: {{ $value | quote }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "euterpe.env.jwks" -}}
- name: EUTERPE_{{ upper .service }}_JWKS_URL
  value: http://{{ include "euterpe.fullname" .root }}-auth:8000/.well-known/jwks.json
{{- end -}}

{{- define "euterpe.env.database" -}}
{{ include "euterpe.env.secret" (dict "root" .root "service" .service "variable" (printf "EUTERPE_%s_DATABASE_URL" (upper .service)) "key" "database-url") }}
{{- end -}}

{{- define "euterpe.env.objectStore" -}}
{{- $prefix := printf "EUTERPE_%s_S3__" (upper .service) -}}
{{- $values := .root.Values.objectStore -}}
{{- if and .root.Values.trial.enabled (not $values.endpointUrl) -}}
{{- $values = merge (dict "endpointUrl" (printf "http://%s-trial-object-store:8333" (include "euterpe.fullname" .root))) $values -}}
{{- end -}}
{{- range $key, $value := $values }}
{{- if ne (toString $value) "" }}
- name: {{ $prefix }}{{ $key | snakecase | upper }}
  value: {{ $value | quote }}
{{- end }}
{{- end }}
{{ include "euterpe.env.secret" (dict "root" .root "service" .service "variable" (printf "%sACCESS_KEY_ID" $prefix) "key" "s3-access-key-id") }}
{{ include "euterpe.env.secret" (dict "root" .root "service" .service "variable" (printf "%sSECRET_ACCESS_KEY" $prefix) "key" "s3-secret-access-key") }}
{{- end -}}

{{- define "euterpe.env.library" -}}
{{- $prefix := printf "EUTERPE_%s_" (upper .service) -}}
{{- $name := include "euterpe.fullname" .root -}}
- name: {{ $prefix }}LIBRARY_TARGET
  value: {{ $name }}-library:9090
- name: {{ $prefix }}PEER__TOKEN_URL
  value: http://{{ $name }}-auth:8000/api/v1/auth/service-token
- name: {{ $prefix }}PEER__CLIENT_ID
  value: {{ .service }}
{{ include "euterpe.env.secret" (dict "root" .root "service" .service "variable" (printf "%sPEER__CLIENT_SECRET" $prefix) "key" "client-secret") }}
{{- end -}}

{{- define "euterpe.env.grpc" -}}
- name: EUTERPE_{{ upper .service }}_GRPC_HOST
  value: 0.0.0.0
- name: EUTERPE_{{ upper .service }}_GRPC_PORT
  value: "9090"
{{- end -}}

{{- define "euterpe.env.auth" -}}
{{ include "euterpe.env.base" . }}
{{ include "euterpe.env.database" . }}
{{ include "euterpe.env.secret" (dict "root" .root "service" "auth" "variable" "EUTERPE_AUTH_KEY_ENCRYPTION_KEY" "key" "key-encryption-key") }}
{{ include "euterpe.env.secret" (dict "root" .root "service" "auth" "variable" "EUTERPE_AUTH_SERVICE_CLIENTS" "key" "service-clients") }}
# For euterpe-admin; without the key, no client has the scope admin.
- name: EUTERPE_AUTH_ADMIN_CLIENTS
  valueFrom:
    secretKeyRef:
      name: {{ include "euterpe.secretName" . }}
      key: admin-clients
      optional: true
# The password of the mail server; without the key, auth does not log in there.
- name: EUTERPE_AUTH_SMTP_PASSWORD
  valueFrom:
    secretKeyRef:
      name: {{ include "euterpe.secretName" . }}
      key: smtp-password
      optional: true
# The secret of the client at the OpenID Connect provider; without the key, the client is public.
- name: EUTERPE_AUTH_OIDC_CLIENT_SECRET
  valueFrom:
    secretKeyRef:
      name: {{ include "euterpe.secretName" . }}
      key: oidc-client-secret
      optional: true
- name: EUTERPE_AUTH_LIBRARY_TARGET
  value: {{ include "euterpe.fullname" .root }}-library:9090
- name: EUTERPE_AUTH_GENERATOR_TARGET
  value: {{ include "euterpe.fullname" .root }}-generator:9090
{{- end -}}

{{- define "euterpe.env.library-service" -}}
{{ include "euterpe.env.base" . }}
{{ include "euterpe.env.jwks" . }}
{{ include "euterpe.env.database" . }}
{{- include "euterpe.env.objectStore" . }}
{{ include "euterpe.env.grpc" . }}
{{- end -}}

{{/* Also takes worker: whether the process composes. */}}
{{- define "euterpe.env.generator" -}}
{{ include "euterpe.env.base" . }}
{{ include "euterpe.env.jwks" . }}
{{ include "euterpe.env.database" . }}
{{- include "euterpe.env.objectStore" . }}
{{ include "euterpe.env.library" . }}
{{ include "euterpe.env.grpc" . }}
{{- $models := .root.Values.models }}
{{- if eq $models.source "s3" }}
- name: EUTERPE_GENERATOR_MODELS_URL
  value: s3://{{ .root.Values.objectStore.bucket }}/{{ $models.s3.prefix }}
- name: EUTERPE_GENERATOR_MODELS_CACHE
  value: /models
{{- else }}
- name: EUTERPE_GENERATOR_MODELS_URL
  value: {{ ternary "/opt/euterpe/models" "/models" (eq $models.source "image") }}
{{- end }}
- name: EUTERPE_GENERATOR_WORKER_ENABLED
  value: {{ .worker | quote }}
- name: EUTERPE_GENERATOR_WORKER_ID
  valueFrom:
    fieldRef:
      fieldPath: metadata.uid
{{- if .root.Values.podDeletionCost.enabled }}
- name: EUTERPE_GENERATOR_POD_NAME
  valueFrom:
    fieldRef:
      fieldPath: metadata.name
{{- end }}
{{- end -}}

{{- define "euterpe.env.converter" -}}
{{ include "euterpe.env.base" . }}
{{ include "euterpe.env.jwks" . }}
{{- include "euterpe.env.objectStore" . }}
{{ include "euterpe.env.library" . }}
{{- with include "euterpe.soundfont.path" .root }}
- name: EUTERPE_CONVERTER_SOUNDFONT
  value: {{ . }}
# Requests can name other SoundFonts in the same volume.
- name: EUTERPE_CONVERTER_SOUNDFONTS
  value: /soundfonts
{{- end }}
{{- end -}}

{{/* Caddy's tracing is configured by OpenTelemetry's variables. */}}
{{- define "euterpe.env.gateway" -}}
- name: EUTERPE_LIBRARY
  value: {{ include "euterpe.fullname" . }}-library:8000
{{ if and .Values.gateway.enabled .Values.tracing.endpoint -}}
- name: OTEL_SERVICE_NAME
  value: euterpe-gateway
- name: OTEL_EXPORTER_OTLP_ENDPOINT
  value: {{ .Values.tracing.endpoint }}
- name: OTEL_EXPORTER_OTLP_PROTOCOL
  value: grpc
- name: OTEL_TRACES_SAMPLER
  value: traceidratio
- name: OTEL_TRACES_SAMPLER_ARG
  value: {{ .Values.tracing.share | quote }}
{{- end -}}
{{- end -}}
