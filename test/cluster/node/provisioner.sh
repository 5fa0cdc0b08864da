#!/bin/bash
# Becomes the controller manager, with the folder where its provisioner makes volumes moved into the cluster's, so
# that they go with it. They are root's: other users cannot write to them.
#   provisioner.sh FOLDER PROGRAM [ARGUMENT...]
set -euo pipefail
folder=$1
shift
if [ "$1" != mounted ]; then exec unshare --mount "$0" "$folder" mounted "$@"; fi
shift
mkdir -p "$folder/volumes" /tmp/hostpath_pv
mount --bind "$folder/volumes" /tmp/hostpath_pv
exec "$@"
