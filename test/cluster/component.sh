#!/bin/sh
# Becomes one program of a cluster, after writing down its process id for guard.sh. Started while
# the guard is already closing the cluster, it does nothing.
#   component.sh FOLDER NAME PROGRAM [ARGUMENT...]
folder=$1
name=$2
shift 2
echo $$ > "$folder/pids/$name" || exit 1
[ ! -e "$folder/closing" ] || exit 1
exec "$@"
