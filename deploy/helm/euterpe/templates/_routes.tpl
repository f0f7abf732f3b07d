{{/* Which paths belong to which service: the same as on one machine (packages/stack, gateway.py); tests compare them. */}}
{{- define "euterpe.routes" -}}
auth: [/api/v1/auth, /.well-known/jwks.json]
library: [/api/v1/songs, /api/v1/library]
generator: [/api/v1/generations, /api/v1/comparisons, /api/v1/models, /api/v1/generator/openapi.json]
converter: [/api/v1/audio, /api/v1/conversions, /api/v1/pianorolls, /api/v1/soundfonts, /api/v1/converter/openapi.json]
{{- end -}}

{{/* Paths for peers only, inside a prefix above: the pages' server answers them with 404. */}}
{{- define "euterpe.internalPaths" -}}
- /api/v1/auth/service-token
{{- end -}}

{{- define "euterpe.httpClients" -}}
{{- $components := .components -}}
{{- if .root.Values.gateway.enabled -}}
{{- $components = append $components "web" -}}
{{- end -}}
{{- toJson $components -}}
{{- end -}}

{{/* The ingress controller talks to the services only where there is one. */}}
{{- define "euterpe.ingressPeers" -}}
{{- if or .Values.ingress.enabled .Values.gatewayApi.enabled -}}
{{- toJson .Values.networkPolicy.ingressFrom -}}
{{- else -}}
[]
{{- end -}}
{{- end -}}

{{/* Each path, and everything below it. */}}
{{- define "euterpe.matcher" -}}
{{- $all := list -}}
{{- range . -}}
{{- $all = concat $all (list . (printf "%s/*" .)) -}}
{{- end -}}
{{- join " " $all -}}
{{- end -}}

{{/* Caddy in front of the services: pages, routes, limits and problem details as on one machine. */}}
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
		format json
		level WARN
	}
	servers {
		{{- with .Values.trustedProxies }}
		trusted_proxies static {{ join " " . }}
		{{- end }}
		max_header_size 32KB
		timeouts {
			read_header 10s
			idle 2m
		}
	}
}

# In the image, and so as new as its pages.
import /etc/euterpe/pages.caddy

:8001 {
	respond /healthz 200
	respond /readyz 200
	metrics /metrics
}

:8000 {
	{{- if .Values.tracing.endpoint }}
	tracing {
		span gateway
	}
	{{- end }}
	@document not path *.js *.css /fonts/*
	import page_headers @document
	import leaving
	@internal path {{ include "euterpe.matcher" (include "euterpe.internalPaths" . | fromYamlArray) }}
	handle @internal {
		error 404
	}
	import head {{ $name }}-library:8000
	{{- range $service, $paths := include "euterpe.routes" . | fromYaml }}
	@{{ $service }} path {{ include "euterpe.matcher" $paths }}
	handle @{{ $service }} {
		{{- if eq $service "generator" }}
		# Part of the first page's weight; else nothing is compressed on the way, least of all events.
		@models path /api/v1/models /api/v1/models/*
		encode @models {
			zstd
			gzip
			match {
				header Content-Type application/json*
				header Content-Type audio/midi*
			}
		}
		{{- end }}
		request_body {
			max_size {{ get $.Values.gateway.maxBodyBytes $service | int64 }}
		}
		reverse_proxy {{ $name }}-{{ $service }}:8000 {
			# The service sees whole requests only: were it to refuse one before its body has come, Caddy would sometimes
			# break off the answer.
			request_buffers {{ get $.Values.gateway.maxBodyBytes $service | int64 }}
			flush_interval -1
			lb_try_duration 10s
			lb_try_interval 100ms
			transport http {
				dial_timeout 2s
				# Every request takes a new connection, and so a pod that is not about to go. A busy connection that is kept
				# would stay with its pod until that closes it, perhaps under a POST, which nobody may repeat.
				keepalive off
			}
		}
	}
	{{- end }}
	handle {
		import pages
	}
	handle_errors {
		import page_headers *
		import page_errors
	}
}
{{- end -}}
