#!/bin/bash
# Becomes a real node: containerd, kubelet, kube-proxy and CoreDNS in namespaces of their own, so that their mounts, network, pods and
# processes vanish with the first process of it, however that ends; on the machine itself nothing is changed. Cgroups
# are the exception: see cgroups.sh.
#   node.sh FOLDER NUMBER PROGRAMS
# FOLDER is the cluster's, with the configuration in node/. PROGRAMS is the folder of those of Kubernetes. NUMBER makes the network: 10.213.NUMBER.0/24, the machine
# at .1, the node at .2, pods in the upper half.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
folder=$1
number=$2
programs=$3
link=runboat$number
network=10.213.$number

if [ "${4:-}" != inside ]; then
  bash "$here/cgroups.sh" make "$folder"
  # The way back to the machine's network, to leave one end of the cable there.
  exec 9< /proc/self/ns/net
  exec unshare --mount --net --pid --ipc --uts --fork --kill-child --mount-proc "$0" "$folder" "$number" "$programs" inside
fi

connect() {
  ip link set lo up
  ip link add eth0 type veth peer name "$link" netns /proc/self/fd/9
  nsenter --net=/proc/self/fd/9 ip address add "$network.1/30" dev "$link"
  nsenter --net=/proc/self/fd/9 ip link set "$link" up
  ip address add "$network.2/30" dev eth0
  ip link set eth0 up
  ip route add default via "$network.1"
  nsenter --net=/proc/self/fd/9 ip route add "$network.128/25" via "$network.2" dev "$link"
  echo 1 > /proc/sys/net/ipv4/ip_forward
  exec 9<&-
}

# containerd, its shims, CNI plugins and kubelet write to fixed places too; here these are folders of the cluster.
mount_own_folders() {
  local place
  mount -t tmpfs none /run
  for place in /var/lib/cni /var/lib/kubelet /var/log; do
    mkdir -p "$folder/node$place" "$place"
    mount --bind "$folder/node$place" "$place"
  done
  # Volumes are where the provisioner makes them, see provisioner.sh.
  mkdir -p /tmp/hostpath_pv
  mount --bind "$folder/volumes" /tmp/hostpath_pv
}

# What the programs say is in a log each.
start() {
  local name=$1
  shift
  "$@" > "$folder/logs/$name.log" 2>&1 &
}

connect
mount_own_folders
start containerd containerd --config "$folder/node/containerd.toml"
start kubelet "$programs/kubelet" --config="$folder/node/kubelet.json" --kubeconfig="$folder/kubelet.kubeconfig" \
  --root-dir="$folder/node/kubelet" --hostname-override=real-node --node-ip="$network.2"
start kube-proxy "$programs/kube-proxy" --config="$folder/node/kube-proxy.json"
start coredns "$programs/coredns" -conf "$folder/node/Corefile"
# None ends by itself, so whichever does is the fault to report; what containers leave behind is reaped meanwhile.
wait -n
echo "A program of the node ended; the last lines of their logs say why." >&2
tail -n 3 "$folder"/logs/{containerd,kubelet,kube-proxy,coredns}.log >&2
exit 1
