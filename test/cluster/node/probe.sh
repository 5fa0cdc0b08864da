#!/bin/bash
# Tries what a real node does to the machine, and leaves nothing: namespaces, a cable and address translation in them,
# an overlay of folders, and a cgroup. Fails with a sentence.
set -euo pipefail
folder=$(mktemp -d "${TMPDIR:-/tmp}/runboat-probe-XXXXXX")
trap 'rm -rf "$folder"' EXIT

attempt() {
  local what=$1
  shift
  "$@" > "$folder/output" 2>&1 || {
    echo "$what is not possible: $(tail -n 1 "$folder/output")" >&2
    exit 1
  }
}

inside() {
  unshare --mount --net --pid --ipc --uts --fork --mount-proc /bin/bash -euc "$@"
}

# shellcheck disable=SC2016
overlay='cd "$0"; mkdir a b c d; mount -t overlay overlay -o lowerdir=a,upperdir=b,workdir=c d'
attempt "Making namespaces" inside true
attempt "Making network links" inside "ip link add probe type bridge; ip link add one type veth peer name two"
attempt "Translating addresses" inside "iptables -w -t nat -A OUTPUT -d 10.0.0.1/32 -p tcp --dport 443 -j DNAT --to-destination 10.0.0.2:1"
attempt "Mounting an overlay of folders in $folder" inside "$overlay" "$folder"
name=$(basename "$folder")
trap 'bash "$(dirname "$0")/cgroups.sh" remove "$name"; rm -rf "$folder"' EXIT
attempt "Making a cgroup" bash "$(dirname "$0")/cgroups.sh" make "$name"
