{{/*
Migrations run before anything else is installed or upgraded. Where the chart itself brings the database or the Secrets,
that cannot be at the first installation: then they are ordinary Jobs, and the services wait for them.
*/}}
{{- define "euterpe.migrationHook" -}}
{{- if not (and .root.Release.IsInstall (or .root.Values.trial.enabled .root.Values.externalSecrets.enabled)) -}}
annotations:
  helm.sh/hook: pre-install,pre-upgrade
  helm.sh/hook-weight: {{ .weight | quote }}
  helm.sh/hook-delete-policy: before-hook-creation
{{- end -}}
{{- end -}}
