{{- /* What is wrong with the values beyond their schema: all of it at once, a sentence each, and nothing is rendered. */ -}}
{{- define "runboat.check" -}}
{{- $problems := list -}}
{{- range $check := list "runboat.checkBundles" "runboat.checkExtra" "runboat.checkPort" "runboat.checkVariables" "runboat.checkAddress" "runboat.checkCopies" -}}
{{- $problems = concat $problems (include $check $ | fromJsonArray) -}}
{{- end -}}
{{- if $problems }}{{ fail (printf "these values cannot be used:\n- %s" (join "\n- " $problems)) }}{{ end -}}
{{- end -}}

{{- /* Keys of the configuration that have a value: objects of the chart are made from the value, so it must be the one. */ -}}
{{- define "runboat.checkExtra" -}}
{{- $problems := list -}}
{{- $values := dict "namespace" "builds.namespace" "api.adminUser" "config.adminUser" "log.level" "config.logLevel" -}}
{{- range list "domain" "urlScheme" "baseUrl" "repos" "defaultBundle" "env" "templateVars" "limits" "resourceTypes" -}}
{{- $_ := set $values . (printf "config.%s" .) -}}
{{- end -}}
{{- $secrets := dict "secretEnv" "secrets.buildEnv" "api.adminPassword" "secrets.adminPassword" "github.token" "secrets.githubToken" "github.webhookSecret" "secrets.webhookSecret" "github.app.privateKey" "secrets.githubAppPrivateKey" -}}
{{- range $key, $value := merge $secrets $values -}}
{{- $node := $.Values.config.extra -}}
{{- range splitList "." $key }}{{ $node = ternary $node dict (kindIs "map" $node) | dig . dict }}{{ end -}}
{{- if not (and (kindIs "map" $node) (empty $node)) -}}
{{- $sentence := ternary "config.extra.%s: a secret does not belong into a ConfigMap; give it in %s" "config.extra.%s: there is a value for it, %s" (hasPrefix "secrets." $value) -}}
{{- $problems = append $problems (printf $sentence $key $value) -}}
{{- end -}}
{{- end -}}
{{- if kindIs "map" .Values.config.extra.bundles -}}
{{- range $name := keys .Values.config.extra.bundles | sortAlpha -}}
{{- if or (eq $name "installation-check") (hasKey $.Values.bundles $name) -}}
{{- $problems = append $problems (printf "config.extra.bundles: the chart brings a bundle %s already; choose another name" $name) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- toJson $problems -}}
{{- end -}}

{{- define "runboat.checkBundles" -}}
{{- $problems := list -}}
{{- range $name, $files := .Values.bundles -}}
{{- if eq $name "installation-check" -}}
{{- $problems = append $problems "bundles.installation-check: the chart brings this one itself, for helm test; choose another name" -}}
{{- end -}}
{{- range $file, $_ := $files -}}
{{- range $other, $_ := $files -}}
{{- if hasPrefix (printf "%s/" $file) $other -}}
{{- $problems = append $problems (printf "bundles.%s: %s is a file, and the folder of %s too" $name $file $other) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- toJson $problems -}}
{{- end -}}

{{- define "runboat.checkPort" -}}
{{- $problems := list -}}
{{- $port := (.Values.config.extra.http | default dict).port -}}
{{- $number := int (include "runboat.gatewayPort" .) -}}
{{- $whole := and (not (kindIs "string" $port)) (eq (toString $number) (toString $port)) -}}
{{- if not (or (kindIs "invalid" $port) (and $whole (ge $number 1) (le $number 65535) (ne $number 8081))) -}}
{{- $problems = append $problems "config.extra.http.port: has to be a number from 1 to 65535, and not 8081, where the gateway has its metrics" -}}
{{- end -}}
{{- toJson $problems -}}
{{- end -}}

{{- /* Variables win over the configuration, but objects of the chart do not follow them. */ -}}
{{- define "runboat.checkVariables" -}}
{{- $problems := list -}}
{{- $values := dict "RUNBOAT_CONFIG" "config" "RUNBOAT_BUILD_NAMESPACE" "builds.namespace" "RUNBOAT_DEPLOYMENT_RESOURCE_TYPES" "config.resourceTypes" "RUNBOAT_LISTEN_PORT" "config.extra.http.port" -}}
{{- range $part := list "operator" "gateway" -}}
{{- range (get $.Values $part).extraEnv -}}
{{- if hasKey $values .name -}}
{{- $problems = append $problems (printf "%s.extraEnv: %s is the chart's; there is a value for it, %s" $part .name (get $values .name)) -}}
{{- else if eq .name "RUNBOAT_METRICS_PORT" -}}
{{- $problems = append $problems (printf "%s.extraEnv: %s is the chart's and always 8081" $part .name) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- toJson $problems -}}
{{- end -}}

{{- define "runboat.checkAddress" -}}
{{- $problems := list -}}
{{- $outside := or .Values.ingress.enabled .Values.httpRoute.enabled -}}
{{- if and $outside (not .Values.ingress.host) (not .Values.config.baseUrl) -}}
{{- $problems = append $problems "ingress.host: give the host of the pages (or config.baseUrl, their address), or links and commit statuses lead to localhost" -}}
{{- end -}}
{{- if and .Values.httpRoute.enabled (not .Values.httpRoute.parentRefs) -}}
{{- $problems = append $problems "httpRoute.parentRefs: name the Gateway that the route belongs to, or nothing comes through it" -}}
{{- end -}}
{{- toJson $problems -}}
{{- end -}}

{{- define "runboat.checkCopies" -}}
{{- $problems := list -}}
{{- with .Values.gateway.autoscaling -}}
{{- if and .enabled (gt (int .minReplicas) (int .maxReplicas)) -}}
{{- $problems = append $problems "gateway.autoscaling: minReplicas is more than maxReplicas" -}}
{{- end -}}
{{- end -}}
{{- toJson $problems -}}
{{- end -}}
