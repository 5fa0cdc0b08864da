#!/bin/sh
# Drops what the initialisation made outside the cluster.
set -eu
# shellcheck source=/dev/null
. /runboat/common.sh

for database in "$PGDATABASE" "$PGDATABASE-baseonly"; do
  drop_database "$database" || fail "The database $database could not be dropped; the job's log says why."
done
