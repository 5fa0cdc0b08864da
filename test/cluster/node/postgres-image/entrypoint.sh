#!/bin/bash
# Starts PostgreSQL as the image `postgres` of Docker's official ones does it for a user who is not root, as far as the
# chart relies on it: POSTGRES_USER, POSTGRES_PASSWORD_FILE and PGDATA, a first start that makes the data, and a local
# socket that asks for no password.
set -euo pipefail

mkdir -p "$PGDATA"
# A volume's group rights, which Kubernetes gives and PostgreSQL refuses, are taken away at every start.
chmod 700 "$PGDATA" || true
chmod 3775 /var/run/postgresql || true

if [ ! -s "$PGDATA/PG_VERSION" ]; then
  initdb --username="$POSTGRES_USER" --pwfile="$POSTGRES_PASSWORD_FILE"
  echo "host all all all scram-sha-256" >> "$PGDATA/pg_hba.conf"
  # There scripts of the image's users would run: for a moment a server answers at the socket, and only there.
  pg_ctl -D "$PGDATA" -o "-c listen_addresses=''" -w start
  pg_ctl -D "$PGDATA" -m fast -w stop
fi

exec "$@"
