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
# As kube-proxy does it.
# shellcheck disable=SC2016
translation='
  translate() { iptables -w -t nat -A OUTPUT -d 10.0.0.1/32 -p tcp -m tcp --dport 443 "$@"; }
  translate -m comment --comment probe -j MARK --or-mark 0x4000
  translate -m statistic --mode random --probability 0.5 -j DNAT --to-destination 10.0.0.2:1
  iptables -w -t nat -A POSTROUTING -m mark --mark 0x4000/0x4000 -j MASQUERADE
  iptables -w -A FORWARD -m conntrack --ctstate INVALID -j DROP
  iptables -w -A FORWARD -d 10.0.0.1/32 -j REJECT
  iptables-save | iptables-restore --noflush'
attempt "Translating addresses with iptables" inside "$translation"
attempt "Mounting an overlay of folders in $folder" inside "$overlay" "$folder"
name=$(basename "$folder")
trap 'bash "$(dirname "$0")/cgroups.sh" remove "$name"; rm -rf "$folder"' EXIT
attempt "Making a cgroup" bash "$(dirname "$0")/cgroups.sh" make "$name"
