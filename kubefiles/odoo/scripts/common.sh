# Functions for the other scripts, in POSIX sh: the cleanup image need not have bash.
# shellcheck shell=sh

# Leaves a sentence for the build's condition and event; the operator shows 1024 characters.
conclude() {
  printf '%.1024s' "$1" >/dev/termination-log
}

# Ends the script with a sentence for people.
fail() {
  echo "runboat: $1" >&2
  conclude "$1"
  exit 1
}

# Drops a database, open connections or not. PostgreSQL before 13 has no WITH (FORCE).
drop_database() {
  echo "runboat: dropping the database $1, if it exists"
  psql --no-psqlrc --quiet --tuples-only --set=ON_ERROR_STOP=1 --set=name="$1" --dbname=postgres <<'SQL'
SELECT current_setting('server_version_num')::int >= 130000 AS can_force \gset
\if :can_force
DROP DATABASE IF EXISTS :"name" WITH (FORCE);
\else
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :'name' AND pid <> pg_backend_pid();
DROP DATABASE IF EXISTS :"name";
\endif
SQL
}

# Writes an option to Odoo's configuration file. Odoo refuses a file that has an option twice, and one section may
# follow another, so an older line goes and the new one stands right below the section's name.
set_odoo_option() {
  grep -q '^\[options\]' "$ODOO_RC" 2>/dev/null || printf '\n[options]\n' >>"$ODOO_RC"
  sed -i -e "/^[[:space:]]*$1[[:space:]]*=/d" -e "/^\[options\]/a $1 = $2" "$ODOO_RC"
}

# Prints the path of Odoo's program, whose name changed with version 10.
find_odoo() {
  command -v odoo || command -v openerp-server || fail "The image has neither odoo nor openerp-server; use an image with Odoo."
}
