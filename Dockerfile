# The image of runboat for a registry. `make image` makes the same without a Docker daemon.
# Pin both bases by digest for a release: --build-arg BUILD_IMAGE=node:20-bookworm@sha256:... (docs/releasing.md).
ARG BUILD_IMAGE=docker.io/library/node:20-bookworm
ARG RUNTIME_IMAGE=gcr.io/distroless/cc-debian12:nonroot

FROM ${BUILD_IMAGE} AS kubectl
ARG KUBECTL_VERSION=v1.34.4
ARG TARGETARCH=amd64
WORKDIR /kubectl
RUN curl -fsSLO "https://dl.k8s.io/release/${KUBECTL_VERSION}/bin/linux/${TARGETARCH}/kubectl" \
 && curl -fsSLO "https://dl.k8s.io/release/${KUBECTL_VERSION}/bin/linux/${TARGETARCH}/kubectl.sha256" \
 && echo "$(cat kubectl.sha256)  kubectl" | sha256sum --check \
 && chmod 755 kubectl

FROM ${BUILD_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --no-audit --no-fund
COPY . .
RUN make build
# What is imported at run time, and what licences ask for.
RUN npm ci --omit=dev --no-audit --no-fund --ignore-scripts \
 && find node_modules dist -type f \( -name '*.map' -o -name '*.ts' -o -name '*.md' \) \
      ! -iname 'licen[cs]e*' ! -iname 'notice*' ! -iname 'copying*' -delete \
 && rm -rf dist/test dist/bench dist/types \
 && mkdir /image \
 && cp -r --parents bin dist kubefiles node_modules package.json LICENSE crds/runboatbuild.yaml /image

# Neither shell nor package manager: node, kubectl and the program.
FROM ${RUNTIME_IMAGE}
ARG VERSION=0.0.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="runboat" \
      org.opencontainers.image.description="A Kubernetes operator that gives every commit its own running instance" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=build /usr/local/bin/node /usr/local/bin/node
COPY --from=kubectl /kubectl/kubectl /usr/local/bin/kubectl
COPY --from=build /image /app
ENV NODE_ENV=production HOME=/tmp PATH=/usr/local/bin:/usr/bin:/bin
USER 10001:10001
WORKDIR /app
# Behind `--`, because Node.js would take --env-file for its own.
ENTRYPOINT ["/usr/local/bin/node", "--", "/app/bin/runboat"]
CMD ["help"]
