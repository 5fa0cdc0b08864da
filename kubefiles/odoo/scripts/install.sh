#!/usr/bin/env bash
# Installs what the repository in ADDONS_DIR needs, and keeps the virtual environment so that starting takes seconds.
#   INSTALL_METHOD  oca_install_addons or editable_pip_install
set -euo pipefail
# shellcheck source=/dev/null
. /runboat/common.sh

method=${INSTALL_METHOD:-oca_install_addons}
cd "$ADDONS_DIR"
case $method in
  oca_install_addons) oca_install_addons ;;
  editable_pip_install) pip install --editable . ;;
  *) fail "INSTALL_METHOD is $method, which does not exist; set it to oca_install_addons or editable_pip_install." ;;
esac

cp -a /opt/odoo-venv /mnt/data/odoo-venv
