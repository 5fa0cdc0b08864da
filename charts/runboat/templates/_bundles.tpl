{{- define "runboat.configVolumes" -}}
- name: config
  configMap:
    name: {{ include "runboat.fullname" . }}
- name: installation-check
  configMap:
    name: {{ include "runboat.fullname" . }}-installation-check
{{- range $name, $files := .Values.bundles }}
- name: {{ include "runboat.bundleVolume" $name }}
  configMap:
    name: {{ include "runboat.fullname" $ }}-{{ include "runboat.bundleVolume" $name }}
{{- end }}
- name: tmp
  emptyDir: {}
{{- end -}}

{{- /* Names of volumes know fewer letters than those of bundles. One that was changed or cut has a hash. */ -}}
{{- define "runboat.bundleVolume" -}}
{{- $plain := . | lower | replace "_" "-" | replace "." "-" | trunc 40 | trimAll "-" -}}
{{- if ne $plain . }}{{ $plain = printf "%s-%s" ($plain | trunc 31 | trimSuffix "-") (sha256sum . | trunc 8) }}{{ end -}}
bundle-{{ $plain }}
{{- end -}}

{{- /* Keys of ConfigMaps have no slash, but `__` for it. A path that would then be taken for another has a hash. */ -}}
{{- define "runboat.bundleKey" -}}
{{- $key := . | replace "/" "__" -}}
{{- if regexMatch "__|_/" . }}{{ $key = printf "%s.%s" $key (sha256sum . | trunc 8) }}{{ end -}}
{{ $key | quote }}
{{- end -}}

{{- /*
Files of bundles are mounted one by one: a whole ConfigMap is mounted as symbolic links, which bundles must not have.
*/ -}}
{{- define "runboat.configMounts" -}}
- {name: config, mountPath: /etc/runboat/config, readOnly: true}
{{- range $path, $_ := .Files.Glob "files/installation-check/*" }}
- {name: installation-check, mountPath: /etc/runboat/bundles/installation-check/{{ base $path }}, subPath: {{ base $path }}, readOnly: true}
{{- end }}
{{- range $name, $files := .Values.bundles }}
{{- range $path := keys $files | sortAlpha }}
- {name: {{ include "runboat.bundleVolume" $name }}, mountPath: {{ printf "/etc/runboat/bundles/%s/%s" $name $path | quote }}, subPath: {{ include "runboat.bundleKey" $path }}, readOnly: true}
{{- end }}
{{- end }}
- {name: secrets, mountPath: /etc/runboat/secrets, readOnly: true}
- {name: tmp, mountPath: /tmp}
{{- end -}}
