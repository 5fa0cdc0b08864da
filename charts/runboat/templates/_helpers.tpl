{{- define "runboat.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{- /* At most 40 characters, so that suffixes and what Kubernetes adds to them fit. */ -}}
{{- define "runboat.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- $name := include "runboat.name" . -}}
{{- ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "runboat.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/part-of: runboat
{{ include "runboat.selector" . }}
{{- end -}}

{{- define "runboat.selector" -}}
app.kubernetes.io/name: {{ include "runboat.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "runboat.image" -}}
{{- $image := .Values.image -}}
{{- $reference := printf "%s:%s" $image.repository (default .Chart.AppVersion $image.tag) -}}
{{- if $image.digest -}}{{- $reference = printf "%s@%s" $image.repository $image.digest -}}{{- end -}}
{{- $registry := (.Values.global).imageRegistry -}}
{{- if $registry }}{{ $registry }}/{{ end }}{{ $reference }}
{{- end -}}

{{- define "runboat.pullSecrets" -}}
{{- $all := concat .Values.image.pullSecrets ((.Values.global).imagePullSecrets | default list) -}}
{{- with $all }}
imagePullSecrets:
  {{- range . }}
  - name: {{ if kindIs "map" . }}{{ .name }}{{ else }}{{ . }}{{ end }}
  {{- end }}
{{- end }}
{{- end -}}

{{- /* Pod Security `restricted`, for containers of ours. */ -}}
{{- define "runboat.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}

{{- define "runboat.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "runboat.placement" -}}
{{- with .Values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.affinity }}
affinity: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "runboat.baseUrl" -}}
{{- if .Values.config.baseUrl -}}
{{- .Values.config.baseUrl -}}
{{- else if .Values.ingress.host -}}
{{- ternary "https" "http" (or (ne .Values.ingress.tlsSecretName "") (eq .Values.config.urlScheme "https")) }}://{{ .Values.ingress.host -}}
{{- else -}}
http://localhost:8000
{{- end -}}
{{- end -}}

{{- /* The port that the gateway listens at; that of its Service is another one. */ -}}
{{- define "runboat.gatewayPort" -}}
{{- int ((.Values.config.extra.http | default dict).port | default 8000) -}}
{{- end -}}

{{- /* The address of the gateway inside the cluster. */ -}}
{{- define "runboat.gatewayAddress" -}}
http://{{ include "runboat.fullname" . }}-gateway.{{ .Release.Namespace }}.svc:{{ .Values.gateway.service.port }}
{{- end -}}

{{- define "runboat.checkRepo" -}}runboat/installation-check{{- end -}}

{{- /* The configuration file: typed values, then `config.extra` over them, and a rule for `helm test`. */ -}}
{{- define "runboat.config" -}}
{{- $config := pick .Values.config "domain" "urlScheme" "defaultBundle" "limits" "resourceTypes" "templateVars" -}}
{{- $_ := set $config "namespace" .Values.builds.namespace -}}
{{- $_ = set $config "baseUrl" (include "runboat.baseUrl" .) -}}
{{- $env := dict -}}
{{- if .Values.postgresql.enabled -}}
{{- $host := printf "%s-postgresql.%s.svc" (include "runboat.fullname" .) .Release.Namespace -}}
{{- $env = dict "PGHOST" $host "PGPORT" "5432" "PGUSER" "runboat" -}}
{{- end -}}
{{- $_ = set $config "env" (merge (deepCopy .Values.config.env) $env) -}}
{{- $check := dict "repo" (printf "^%s$" (include "runboat.checkRepo" .)) "branch" "^main$" "image" (include "runboat.image" .) "kubefiles" "installation-check" -}}
{{- $_ = set $config "repos" (prepend .Values.config.repos $check) -}}
{{- $bundles := dict "installation-check" "/etc/runboat/bundles/installation-check" -}}
{{- range $name, $files := .Values.bundles -}}
{{- $_ = set $bundles $name (printf "/etc/runboat/bundles/%s" $name) -}}
{{- end -}}
{{- $_ = set $config "bundles" $bundles -}}
{{- $_ = set $config "api" (dict "adminUser" .Values.config.adminUser) -}}
{{- $_ = set $config "http" (dict "port" 8000 "trustProxy" (or .Values.ingress.enabled .Values.httpRoute.enabled)) -}}
{{- $_ = set $config "log" (dict "level" .Values.config.logLevel) -}}
{{- toYaml (mergeOverwrite $config (deepCopy .Values.config.extra)) -}}
{{- end -}}

{{- /* Keys of our own Secret with their values, as YAML: what the existing Secret does not have. */ -}}
{{- define "runboat.ownSecrets" -}}
{{- $secrets := .Values.secrets -}}
{{- $given := ternary $secrets.existingSecretKeys list (ne $secrets.existingSecret "") -}}
{{- $live := (lookup "v1" "Secret" .Release.Namespace (include "runboat.fullname" .)).data | default dict -}}
{{- $own := dict -}}
{{- range $key, $value := dict "admin-password" $secrets.adminPassword "webhook-secret" $secrets.webhookSecret -}}
{{- if not (has $key $given) -}}
{{- $kept := get $live $key | b64dec -}}
{{- $_ := set $own $key ($value | default $kept | default (randAlphaNum 24)) -}}
{{- end -}}
{{- end -}}
{{- range $key, $value := dict "github-token" $secrets.githubToken "github-app-private-key" $secrets.githubAppPrivateKey -}}
{{- if and $value (not (has $key $given)) -}}{{- $_ := set $own $key $value -}}{{- end -}}
{{- end -}}
{{- $password := .Values.postgresql.password | default (get $live "postgresql-password" | b64dec) | default (randAlphaNum 24) -}}
{{- if .Values.postgresql.enabled }}{{ $_ := set $own "postgresql-password" $password }}{{ end -}}
{{- if not (has "build-env" $given) -}}
{{- $env := merge (deepCopy $secrets.buildEnv) (ternary (dict "PGPASSWORD" $password) dict .Values.postgresql.enabled) -}}
{{- if $env -}}{{- $_ := set $own "build-env" (toJson $env) -}}{{- end -}}
{{- end -}}
{{- toYaml $own -}}
{{- end -}}

{{- /* Names of the secrets that are there, of those that a process may have. Takes root, `wanted`. */ -}}
{{- define "runboat.presentSecrets" -}}
{{- $secrets := .root.Values.secrets -}}
{{- $present := ternary $secrets.existingSecretKeys list (ne $secrets.existingSecret "") -}}
{{- $present = concat $present (list "admin-password" "webhook-secret") -}}
{{- if $secrets.githubToken }}{{ $present = append $present "github-token" }}{{ end -}}
{{- if $secrets.githubAppPrivateKey }}{{ $present = append $present "github-app-private-key" }}{{ end -}}
{{- if or $secrets.buildEnv .root.Values.postgresql.enabled }}{{ $present = append $present "build-env" }}{{ end -}}
{{- $keys := list -}}
{{- range .wanted }}{{ if has . $present }}{{ $keys = append $keys . }}{{ end }}{{ end -}}
{{- toJson $keys -}}
{{- end -}}

{{- /* Environment variables that name the files of secrets. Takes root, `wanted`. */ -}}
{{- define "runboat.secretEnv" -}}
{{- $variables := dict "admin-password" "RUNBOAT_API_ADMIN_PASSWD" "webhook-secret" "RUNBOAT_GITHUB_WEBHOOK_SECRET" "github-token" "RUNBOAT_GITHUB_TOKEN" "github-app-private-key" "RUNBOAT_GITHUB_APP_PRIVATE_KEY" "build-env" "RUNBOAT_BUILD_SECRET_ENV" -}}
{{- range include "runboat.presentSecrets" . | fromJsonArray }}
- name: {{ get $variables . }}_FILE
  value: /etc/runboat/secrets/{{ . }}
{{- end }}
{{- end -}}

{{- /* The volume with exactly the secrets that a process may have. Takes root, `wanted`. */ -}}
{{- define "runboat.secretVolume" -}}
{{- $secrets := .root.Values.secrets -}}
{{- $existing := ternary $secrets.existingSecretKeys list (ne $secrets.existingSecret "") -}}
{{- $own := list -}}{{- $foreign := list -}}
{{- range include "runboat.presentSecrets" . | fromJsonArray -}}
{{- if has . $existing }}{{ $foreign = append $foreign . }}{{ else }}{{ $own = append $own . }}{{ end -}}
{{- end -}}
- name: secrets
  projected:
    defaultMode: 0440
    sources:
      {{- if $own }}
      - secret:
          name: {{ include "runboat.fullname" .root }}
          items:
            {{- range $own }}
            - {key: {{ . }}, path: {{ . }}}
            {{- end }}
      {{- end }}
      {{- if $foreign }}
      - secret:
          name: {{ $secrets.existingSecret }}
          items:
            {{- range $foreign }}
            - {key: {{ . }}, path: {{ . }}}
            {{- end }}
      {{- end }}
{{- end -}}

{{- /* What a process reads only at its start: a change of it needs new pods. Everything else is reread. */ -}}
{{- define "runboat.restartChecksum" -}}
{{- list .Values.builds.namespace .Values.config.resourceTypes .Values.bundles (.Files.Glob "files/installation-check/*").AsConfig .Values.config.extra.http | toJson | sha256sum -}}
{{- end -}}

{{- /* Rules of the operator's Role; the same as operator/rights.ts gives, and a test compares the two. */ -}}
{{- define "runboat.operatorRules" -}}
{{- $rights := .Files.Get "files/rights.yaml" | fromYaml -}}
{{- $verbs := $rights.always -}}
{{- range .Values.config.resourceTypes -}}
{{- $type := . | trim | lower -}}
{{- $parts := splitList "." $type -}}
{{- $resource := get $rights.kinds (first $parts) -}}
{{- $rest := rest $parts -}}
{{- if and $rest (regexMatch "^v[0-9]+((alpha|beta)[0-9]+)?$" (first $rest)) }}{{ $rest = rest $rest }}{{ end -}}
{{- $group := join "." $rest -}}
{{- $known := and (hasKey $rights.kinds (first $parts)) (or (not $group) (not $resource) (eq $group (first (splitList "/" $resource)))) -}}
{{- if not $known -}}
{{- if not $group }}{{ fail (printf "config.resourceTypes: the chart does not know %q; write it as PLURAL.GROUP, as `kubectl api-resources` lists it" $type) }}{{ end -}}
{{- $resource = printf "%s/%s" $group (first $parts) -}}
{{- end -}}
{{- if $resource -}}
{{- $wanted := $rights.managed -}}
{{- range get $rights.notNeeded $resource | default list }}{{ $wanted = without $wanted . }}{{ end -}}
{{- $_ := set $verbs $resource (concat (get $verbs $resource | default list) $wanted | uniq) -}}
{{- end -}}
{{- end -}}
{{- range $key := keys $verbs | sortAlpha }}
- apiGroups: [{{ first (splitList "/" $key) | quote }}]
  resources: [{{ rest (splitList "/" $key) | join "/" }}]
  verbs: [{{ get $verbs $key | sortAlpha | join ", " }}]
{{- end }}
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  verbs: [create]
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  resourceNames: [{{ $rights.lease }}]
  verbs: [get, update]
{{- end -}}

{{- /* Not empty when nobody else made this cluster-wide object. Takes root, `live` (what a lookup gave). */ -}}
{{- define "runboat.owns" -}}
{{- if not .live -}}
yes
{{- else -}}
{{- $annotations := .live.metadata.annotations | default dict -}}
{{- $name := index $annotations "meta.helm.sh/release-name" -}}
{{- if and (eq (default "" $name) .root.Release.Name) (eq (default "" (index $annotations "meta.helm.sh/release-namespace")) .root.Release.Namespace) -}}yes{{- end -}}
{{- end -}}
{{- end -}}

{{- define "runboat.ownsDefinition" -}}
{{- include "runboat.owns" (dict "root" . "live" (lookup "apiextensions.k8s.io/v1" "CustomResourceDefinition" "" "runboatbuilds.runboat.dev")) -}}
{{- end -}}
