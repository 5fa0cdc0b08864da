# The image of runboat for a registry. `make image` makes the same without a Docker daemon.
# Pin both bases by digest for a release: --build-arg BUILD_IMAGE=node:20-bookworm@sha256:... (docs/releasing.md).
ARG BUILD_IMAGE=docker.io/library/node:20-bookworm
ARG RUNTIME_IMAGE=gcr.io/distroless/cc-debian12:nonroot

FROM ${BUILD_IMAGE} AS kubectl
ARG KUBECTL_VERSION=v1.34.4
# Without a value, for one would win over the architecture that is built for. Only BuildKit sets it.
ARG TARGETARCH
WORKDIR /kubectl
RUN folder="https://dl.k8s.io/release/${KUBECTL_VERSION}/bin/linux/${TARGETARCH:-$(dpkg --print-architecture)}" \
 && curl -fsSLO "$folder/kubectl" \
 && curl -fsSLO "$folder/kubectl.sha256" \
 && echo "$(cat kubectl.sha256)  kubectl" | sha256sum --check \
 && chmod 755 kubectl

FROM ${BUILD_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --no-audit --no-fund
COPY . .
# Touched, because the layer with what npm installed may be older than this copy of package-lock.json.
RUN touch node_modules/.package-lock.json \
 && make build \
 && node --import ./test/support/typescript.js test/image/app.ts /image

# Neither shell nor package manager: node, kubectl and the program.
FROM ${RUNTIME_IMAGE}
COPY --from=build /usr/local/bin/node /usr/local/bin/node
COPY --from=kubectl /kubectl/kubectl /usr/local/bin/kubectl
COPY --from=build /image /app
ENV PATH=/usr/local/bin:/usr/bin:/bin \
    NODE_ENV=production \
    HOME=/tmp \
    NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt
USER 10001:10001
WORKDIR /app
# Behind `--`, because Node.js would take --env-file for its own.
ENTRYPOINT ["/usr/local/bin/node", "--", "/app/bin/runboat"]
CMD ["help"]
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="runboat" \
      org.opencontainers.image.description="A Kubernetes operator that gives every commit of every branch and pull request its own running instance" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
