#!/bin/bash
# The cgroup that holds a real node's pods, named after the cluster's folder: the only thing of a node that outlives
# its namespaces.
#   cgroups.sh make FOLDER
#   cgroups.sh remove FOLDER
set -euo pipefail
name=$(basename "$2")

make_cgroups() {
  if [ -f /sys/fs/cgroup/cgroup.controllers ]; then make_unified; else make_separate; fi
}

# Version 2: one hierarchy, where a controller works in a cgroup only if the one above hands it down.
make_unified() {
  local controller
  for controller in cpu cpuset memory pids; do
    echo "+$controller" > /sys/fs/cgroup/cgroup.subtree_control || {
      echo "The cgroup controller $controller is not to be had: this machine's root cgroup is not ours to divide." >&2
      return 1
    }
  done
  mkdir -p "/sys/fs/cgroup/$name"
}

# Version 1: one hierarchy for each controller, and cpusets are of no use before they are filled.
make_separate() {
  local hierarchy file
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
