#!/bin/sh
# Drops the database, open connections or not (PostgreSQL 13 or later).
set -eu

psql -X -q -d postgres -v ON_ERROR_STOP=1 -v name="$PGDATABASE" <<'SQL'
DROP DATABASE IF EXISTS :"name" WITH (FORCE);
SQL
