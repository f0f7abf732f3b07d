{{/* Path prefixes of each service, and those for calls between services: files/routes.json, which all gateways share. */}}
{{- define "euterpe.routes" -}}
{{- range $service, $route := (.Files.Get "files/routes.json" | fromJson).services }}
{{ $service }}: {{ toJson $route.paths }}
{{- end }}
{{- end -}}

{{/* The web pods answer these with 404. */}}
{{- define "euterpe.internalPaths" -}}
{{- toJson (.Files.Get "files/routes.json" | fromJson).internal -}}
{{- end -}}

{{- define "euterpe.httpClients" -}}
{{- $components := .components -}}
{{- if .root.Values.gateway.enabled -}}
{{- $components = append $components "web" -}}
{{- end -}}
{{- toJson $components -}}
{{- end -}}

{{/* The ingress controller connects to the services only where one is used. */}}
{{- define "euterpe.ingressPeers" -}}
{{- if or .Values.ingress.enabled .Values.gatewayApi.enabled -}}
{{- toJson .Values.networkPolicy.ingressFrom -}}
{{- else -}}
[]
{{- end -}}
{{- end -}}
