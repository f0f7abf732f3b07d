{{/* Each path, and everything below it. */}}
{{- define "euterpe.caddyPaths" -}}
{{- $all := list -}}
{{- range . -}}
{{- $all = concat $all (list . (printf "%s/*" .)) -}}
{{- end -}}
{{- join " " $all -}}
{{- end -}}

{{/* Caddy in front of the services. The imported files are in the web image (deploy/gateway). */}}
{{- define "euterpe.caddyfile" -}}
{{- $name := include "euterpe.fullname" . -}}
{
	admin off
	auto_https off
	persist_config off
	shutdown_delay {{ .Values.drainSeconds }}s
	grace_period {{ .Values.web.shutdownGraceSeconds }}s
	metrics
	log {
		import /etc/euterpe/logs.caddy
	}
	servers {
		{{- with .Values.trustedProxies }}
		trusted_proxies static {{ join " " . }}
		{{- end }}
		import /etc/euterpe/limits.caddy
	}
}

import /etc/euterpe/bodies.caddy
import /etc/euterpe/operations.caddy
import /etc/euterpe/pages.caddy
import /etc/euterpe/services.caddy

(service_connection) {
	lb_try_duration 10s
	lb_try_interval 100ms
	transport http {
		dial_timeout 2s
		# Each request opens a connection, so it reaches a pod that is not terminating. A kept connection would stay with
		# its pod until the pod closes it, possibly during a POST, which must not be repeated.
		keepalive off
	}
}

:8001 {
	import operations
}

:8000 {
	{{- if .Values.tracing.endpoint }}
	tracing {
		span gateway
	}
	{{- end }}
	import response_headers
	{{- with .Values.gateway.hosts }}
	import known_hosts {{ join " " . }}
	{{- end }}
	import close_after_large_body
	import draining
	import internal {{ include "euterpe.caddyPaths" (include "euterpe.internalPaths" . | fromJsonArray) }}
	import head {{ $name }}-library:8000
	import compressed_models
	{{- range $service, $paths := include "euterpe.routes" . | fromYaml }}
	import service {{ $service }} {{ $name }}-{{ $service }}:8000 {{ get $.Values.gateway.maxBodyBytes $service | int64 }} {{ include "euterpe.caddyPaths" $paths }}
	{{- end }}
	handle {
		import pages
	}
	handle_errors {
		import errors
	}
}
{{- end -}}
