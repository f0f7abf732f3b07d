{{/* Volumes of models and SoundFonts. */}}

{{- define "euterpe.tmp.volume" -}}
- name: tmp
  emptyDir:
    sizeLimit: {{ . }}
{{- end -}}

{{- define "euterpe.models.volumes" -}}
{{- $models := .Values.models -}}
{{- if eq $models.source "imageVolume" }}
- name: models
  image:
    reference: {{ $models.image.reference }}
    pullPolicy: {{ .Values.image.pullPolicy }}
{{- else if eq $models.source "claim" }}
- name: models
  persistentVolumeClaim:
    claimName: {{ $models.claim.name }}
    readOnly: true
{{- else if eq $models.source "s3" }}
- name: models
  emptyDir:
    sizeLimit: {{ $models.s3.sizeLimit }}
{{- end }}
{{- end -}}

{{- define "euterpe.models.mounts" -}}
{{- if ne .Values.models.source "image" }}
- name: models
  mountPath: /models
  readOnly: {{ ne .Values.models.source "s3" }}
{{- end }}
{{- end -}}

{{- define "euterpe.soundfont.path" -}}
{{- if ne .Values.soundfont.source "image" -}}
/soundfonts/{{ .Values.soundfont.file }}
{{- end -}}
{{- end -}}

{{- define "euterpe.soundfont.volumes" -}}
{{- if eq .Values.soundfont.source "imageVolume" }}
- name: soundfonts
  image:
    reference: {{ .Values.soundfont.image.reference }}
    pullPolicy: {{ .Values.image.pullPolicy }}
{{- else if eq .Values.soundfont.source "claim" }}
- name: soundfonts
  persistentVolumeClaim:
    claimName: {{ .Values.soundfont.claim.name }}
    readOnly: true
{{- end }}
{{- end -}}

{{- define "euterpe.soundfont.mounts" -}}
{{- if ne .Values.soundfont.source "image" }}
- name: soundfonts
  mountPath: /soundfonts
  readOnly: true
{{- end }}
{{- end -}}
