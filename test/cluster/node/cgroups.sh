#!/bin/bash
# The cgroup that holds a real node's pods, named after the cluster's folder: the only thing of a node that outlives
# its namespaces.
#   cgroups.sh make FOLDER
#   cgroups.sh remove FOLDER
set -euo pipefail
name=$(basename "$2")

# Version 1 has one hierarchy for each controller, and cpusets are of no use before they are filled.
make_cgroups() {
  local hierarchy file
  if [ -f /sys/fs/cgroup/cgroup.controllers ]; then
    mkdir -p "/sys/fs/cgroup/$name"
    return
  fi
  for hierarchy in /sys/fs/cgroup/*/; do
    [ -f "${hierarchy}cgroup.procs" ] || continue
    mkdir -p "$hierarchy$name"
    for file in cpuset.cpus cpuset.mems; do
      [ ! -f "$hierarchy$file" ] || cat "$hierarchy$file" > "$hierarchy$name/$file"
    done
  done
}

# Processes that were just killed keep their cgroup busy for a moment.
remove_cgroups() {
  local attempt left
  for attempt in $(seq 50); do
    left=$(find /sys/fs/cgroup -depth -type d \( -path "*/$name" -o -path "*/$name/*" \) 2> /dev/null || true)
    [ -n "$left" ] || return 0
    xargs rmdir <<< "$left" 2> /dev/null || sleep 0.1
  done
  echo "Cgroups of $name are still in use after $attempt attempts: $left" >&2
  return 1
}

"$1_cgroups"
