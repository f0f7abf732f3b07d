{{/* The keys that each service's Secret must contain. */}}
{{- define "euterpe.secretKeys" -}}
auth: [database-url, key-encryption-key, service-clients]
library: [database-url, s3-access-key-id, s3-secret-access-key]
generator: [database-url, s3-access-key-id, s3-secret-access-key, client-secret{{ if has "keda" (include "euterpe.scalingKinds" . | fromJsonArray) }}, keda-connection{{ end }}]
converter: [s3-access-key-id, s3-secret-access-key, client-secret]
{{- end -}}
