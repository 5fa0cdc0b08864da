#!/bin/bash
# Becomes a real node: containerd and kubelet in namespaces of their own, so that their mounts, network, pods and
# processes vanish with the first process of it, however that ends; on the machine itself nothing is changed. Cgroups
# are the exception: see cgroups.sh.
#   node.sh FOLDER NUMBER KUBELET
# FOLDER is the cluster's, with the configuration in node/. NUMBER makes the network: 10.213.NUMBER.0/24, the machine
# at .1, the node at .2, pods in the upper half.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
folder=$1
number=$2
kubelet=$3
link=runboat$number
network=10.213.$number

if [ "${4:-}" != inside ]; then
  bash "$here/cgroups.sh" make "$folder"
  # The way back to the machine's network, to leave one end of the cable there.
  exec 9< /proc/self/ns/net
  exec unshare --mount --net --pid --ipc --uts --fork --kill-child --mount-proc "$0" "$folder" "$number" "$kubelet" inside
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

# What kube-proxy would do for the one Service that all clients in pods need, that of the API server.
redirect_api_server() {
  local chain port
  port=$(cat "$folder/kube-apiserver.port")
  for chain in PREROUTING OUTPUT; do
    iptables -w -t nat -A "$chain" -d 10.0.0.1/32 -p tcp --dport 443 -j DNAT --to-destination "$network.1:$port"
  done
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

connect
redirect_api_server
mount_own_folders
containerd --config "$folder/node/containerd.toml" > "$folder/logs/containerd.log" 2>&1 &
"$kubelet" --config="$folder/node/kubelet.json" --kubeconfig="$folder/kubelet.kubeconfig" \
  --root-dir="$folder/node/kubelet" --hostname-override=real-node --node-ip="$network.2" \
  > "$folder/logs/kubelet.log" 2>&1 &
# Neither ends by itself, so whichever does is the fault to report; what containers leave behind is reaped meanwhile.
wait -n
echo "containerd or kubelet ended; the last lines of their logs say why." >&2
tail -n 3 "$folder/logs/containerd.log" "$folder/logs/kubelet.log" >&2
exit 1
