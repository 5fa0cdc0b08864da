#!/usr/bin/env bash
# Makes a build ready to start: downloads and installs the repository, then makes two databases, one with base only
# and one with the repository's addons. The second may fail: the first one then serves alone.
#   INCLUDE, EXCLUDE  comma-separated addons to install, and not to
set -euo pipefail
# shellcheck source=/dev/null
. /runboat/common.sh

main_database=${PGDATABASE:?it names the database of the build}
base_database=$main_database-baseonly
step=
problem=
addons=
trap 'explain "$?"' EXIT

explain() {
  if [ "$1" -ne 0 ] && [ ! -s /dev/termination-log ]; then
    conclude "The initialisation failed while $step (exit status $1); the end of this job's log says why."
  fi
}

begin() {
  step=$1
  echo "runboat: $step"
}

# Prints those of the modules (comma-separated) that are not installed in the database.
not_installed() {
  psql --no-psqlrc --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 --set=wanted="$2" --dbname="$1" <<'SQL'
SELECT string_agg(name, ', ' ORDER BY name)
FROM unnest(string_to_array(:'wanted', ',')) AS wanted (name)
LEFT JOIN ir_module_module USING (name)
WHERE state IS DISTINCT FROM 'installed';
SQL
}

# Makes a database with modules. Odoo exits with 0 when it does not know a module or a dependency of it is missing,
# so the database is asked. Called in conditions, where bash ignores set -e: every failure returns by itself.
make_database() {
  local database=$1 modules=$2 missing
  "$odoo" --data-dir=/mnt/data/odoo-data-dir --db-template=template1 \
    --database="$database" --init="$modules" --stop-after-init || {
    problem="Odoo ended with exit status $?"
    return 1
  }
  missing=$(not_installed "$database" "$modules") || {
    problem="the state of the modules cannot be read"
    return 1
  }
  if [ -n "$missing" ]; then
    problem="not installed: $missing"
    return 1
  fi
}

install_addons() {
  addons=$(manifestoo --select-addons-dir "$ADDONS_DIR" --select-include "${INCLUDE:-}" \
    --select-exclude "${EXCLUDE:-}" list --separator=,) || {
    problem="manifestoo cannot read the addons"
    return 1
  }
  make_database "$main_database" "${addons:-base}"
}

begin "clearing the volume"
rm -f /mnt/data/initialized
find /mnt/data -mindepth 1 -delete

begin "downloading the repository"
bash /runboat/download.sh

begin "installing the repository"
bash /runboat/install.sh
odoo=$(find_odoo)
# Since version 19 Odoo loads demo data only when asked to; older versions do not look at this option.
set_odoo_option with_demo True

begin "waiting for PostgreSQL"
oca_wait_for_postgres

begin "dropping databases of an earlier initialisation"
drop_database "$base_database"
drop_database "$main_database"

begin "making the database with base only"
make_database "$base_database" base || fail "The database $base_database could not be made: $problem. The job's log says more."

begin "making the database with the addons"
if install_addons; then
  message="The database $main_database has ${addons:-base}."
else
  drop_database "$main_database"
  message="Only the base database $base_database serves: installing the addons failed, $problem. The job's log says more."
fi

begin "ending"
touch /mnt/data/initialized
echo "runboat: $message"
conclude "$message"
