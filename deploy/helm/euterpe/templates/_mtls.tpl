{{/* Mutual TLS between the services that speak gRPC. */}}

{{/* The name of a service's Secret with tls.crt, tls.key and ca.crt; empty without mutual TLS. Takes root and service. */}}
{{- define "euterpe.mtls.secret" -}}
{{- if and .root.Values.mtls.enabled (has .service (list "auth" "library" "generator" "converter")) -}}
{{ include "euterpe.fullname" .root }}-{{ .service }}-mtls
{{- end -}}
{{- end -}}
