{{/*
Migrations run before anything else is installed or upgraded. Where the chart itself brings the database or the Secrets,
that cannot be at the first installation: then they are ordinary Jobs, and the services wait for them.
*/}}
{{- define "euterpe.migrationHook" -}}
{{- if not (include "euterpe.migratesWithin" .root) -}}
annotations:
  helm.sh/hook: pre-install,pre-upgrade
  helm.sh/hook-weight: {{ .weight | quote }}
  helm.sh/hook-delete-policy: before-hook-creation
{{- end -}}
{{- end -}}

{{/* Not empty where migrations are objects of the release itself. */}}
{{- define "euterpe.migratesWithin" -}}
{{- if and .Release.IsInstall (or .Values.trial.enabled .Values.externalSecrets.enabled) -}}
true
{{- end -}}
{{- end -}}

{{/*
The release's own Jobs are named apart from the hooks': a rollback to the first revision creates what it does not find, and
fails on an object of that name which is there but belongs to no revision, as the last upgrade's hooks are.
*/}}
{{- define "euterpe.migrations" -}}
{{- printf "%s-%s" (include "euterpe.fullname" .) (ternary "setup" "migrate" (not (empty (include "euterpe.migratesWithin" .)))) -}}
{{- end -}}
