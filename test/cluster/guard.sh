#!/bin/sh
# Watches over one cluster's processes, so that none outlives the program that started them, however
# that program ends: standard input is a pipe whose other end only that program holds, so reading it
# ends exactly when the program is gone, by SIGKILL too. Then everything the cluster started is
# killed and its folder removed.
#   guard.sh FOLDER    FOLDER/pids/ holds one file a process, named after it, with its id
folder=$1
trap '' INT TERM HUP
cat > /dev/null
touch "$folder/closing"
for file in "$folder"/pids/*; do
  [ -f "$file" ] || continue
  pid=$(cat "$file")
  # The id may have been given to another process: ours names the cluster's folder in its arguments.
  case "$(tr '\0' ' ' < "/proc/$pid/cmdline" 2> /dev/null || ps -o args= -p "$pid" 2> /dev/null)" in
    *"$folder"*) kill -KILL "$pid" 2> /dev/null ;;
  esac
done
if [ -d "$folder/node" ]; then bash "$(dirname "$0")/node/cgroups.sh" remove "$folder"; fi
# What a killed program still held or wrote may take a moment to be gone.
for _ in 1 2 3 4 5 6 7 8 9 10; do
  rm -rf "$folder" 2> /dev/null && break
  sleep 0.5
done
