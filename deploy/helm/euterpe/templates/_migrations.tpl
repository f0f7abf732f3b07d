{{/*
Migrations run as hooks before an installation or upgrade. If the chart creates the database or the Secrets, the first
installation has no database yet: then migrations are ordinary Jobs, and the services wait for them.
*/}}
{{- define "euterpe.migrationHook" -}}
{{- if not (include "euterpe.migratesWithin" .root) -}}
annotations:
  helm.sh/hook: pre-install,pre-upgrade
  helm.sh/hook-weight: {{ .weight | quote }}
  # Failed Jobs stay, for their logs.
  helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
{{- end -}}
{{- end -}}

{{/* Not empty if migrations are objects of the release. */}}
{{- define "euterpe.migratesWithin" -}}
{{- if and .Release.IsInstall (or .Values.trial.enabled .Values.externalSecrets.enabled) -}}
true
{{- end -}}
{{- end -}}

{{/*
The release's Jobs and the hooks' Jobs have different names: a rollback to the first revision creates missing objects, and
would fail on a hook's Job of the same name, which belongs to no revision.
*/}}
{{- define "euterpe.migrations" -}}
{{- printf "%s-%s" (include "euterpe.fullname" .) (ternary "setup" "migrate" (not (empty (include "euterpe.migratesWithin" .)))) -}}
{{- end -}}
