#!/usr/bin/env bash
# Starts Odoo on what the initialisation left: the volume with the virtual environment, and the databases.
set -euo pipefail
# shellcheck source=/dev/null
. /runboat/common.sh

[ -f /mnt/data/initialized ] || fail "The build is not initialised, so Odoo cannot start; reset the build."

# Addons declare Debian packages too; these are not on the volume.
install_debian_packages() {
  local list packages
  list=$(oca_list_external_dependencies deb)
  if [ -z "$list" ]; then return; fi
  mapfile -t packages <<<"$list"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  apt-get install -qq --no-install-recommends "${packages[@]}"
}

pip list

# Odoo's configuration file is not on the volume either. The password of its database manager is known to nobody.
set_odoo_option addons_path "${ADDONS_PATH:+$ADDONS_PATH,}$ADDONS_DIR"
set_odoo_option admin_passwd "$(od -An -N24 -tx1 /dev/urandom | tr -d ' \n')"
install_debian_packages
oca_wait_for_postgres
odoo=$(find_odoo)

filter="^$PGDATABASE(-baseonly)?\$"
# Odoo 19 takes PGDATABASE for --database, and makes that database again where only the base one serves.
unset PGDATABASE
# Odoo replaces the shell, and so gets the signal to stop. Up to version 10 it needs --db_user.
export ODOO_PY_COLORS=1
exec "$odoo" \
  --data-dir=/mnt/data/odoo-data-dir \
  --db-filter="$filter" \
  --db_user="$PGUSER" \
  --smtp=localhost \
  --smtp-port=1025
