#!/usr/bin/env bash
# Downloads the repository at the build's commit into ADDONS_DIR: a tarball, because a clone can take over 1 GB.
#   RUNBOAT_GIT_BASE_URL      https://github.com, or https://api.github.com/repos when there is a token
#   RUNBOAT_GIT_TARBALL_PATH  {repo}/tarball/{ref}; {repo_encoded} has %2F for the slash, as GitLab's API wants it
#   RUNBOAT_GIT_TOKEN         sent as a bearer token
set -euo pipefail
# shellcheck source=/dev/null
. /runboat/common.sh

tarball_url() {
  local base=https://github.com path=${RUNBOAT_GIT_TARBALL_PATH:-'{repo}/tarball/{ref}'}
  if [ -n "${RUNBOAT_GIT_TOKEN:-}" ]; then base=https://api.github.com/repos; fi
  base=${RUNBOAT_GIT_BASE_URL:-$base}
  path=${path//'{repo}'/$RUNBOAT_GIT_REPO}
  path=${path//'{repo_encoded}'/${RUNBOAT_GIT_REPO//'/'/%2F}}
  path=${path//'{ref}'/$RUNBOAT_GIT_REF}
  echo "${base%/}/${path#/}"
}

# The token goes to curl by standard input: arguments are seen by every process of the machine.
credentials() {
  local token=${RUNBOAT_GIT_TOKEN:-}
  if [ -z "$token" ]; then return; fi
  case $token in *[!A-Za-z0-9._~+/=-]*) fail "RUNBOAT_GIT_TOKEN has a character that no bearer token may have; correct it." ;; esac
  printf 'header = "Authorization: Bearer %s"\n' "$token"
}

url=$(tarball_url)
config=$(credentials)
tarball=$(mktemp)
trap 'rm -f "$tarball"' EXIT
echo "runboat: downloading $url"
problem=$(curl --config - --fail --silent --show-error --location --retry 3 --connect-timeout 30 \
  --output "$tarball" "$url" 2>&1 <<<"$config") ||
  fail "The download of $url failed: ${problem:-no reason given}. Is the commit still there, and does a private repository have RUNBOAT_GIT_TOKEN?"

mkdir -p "$ADDONS_DIR"
tar --extract --gzip --file "$tarball" --directory "$ADDONS_DIR" --strip-components=1 ||
  fail "What $url answered is not a tarball; correct RUNBOAT_GIT_BASE_URL or RUNBOAT_GIT_TARBALL_PATH."
