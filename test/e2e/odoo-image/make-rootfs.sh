#!/bin/bash
# Fills an empty folder with Debian and its Odoo 19, laid out as the images of OCA's continuous integration are.
#   make-rootfs.sh ROOT
# Only Debian's unstable has Odoo, but its Python is too new for it: all else comes from trixie.
set -euo pipefail
root=$1
mirror=${RUNBOAT_TEST_DEBIAN_MIRROR:-http://deb.debian.org/debian}

# Mounts in a namespace of its own need no one to undo them.
if [ "${2:-}" != alone ]; then exec unshare --mount --pid --fork "$0" "$root" alone; fi

debootstrap --variant=minbase --include=ca-certificates trixie "$root" "$mirror" > "$root.log" 2>&1 ||
  { tail -n 5 "$root.log" >&2 && exit 1; }
rm -f "$root.log"
mount -t proc proc "$root/proc"

# No file need survive a power cut, and what takes the most room nobody reads in a test.
cat > "$root/etc/dpkg/dpkg.cfg.d/small" << 'EXCLUSIONS'
force-unsafe-io
path-exclude=/usr/share/man/*
path-exclude=/usr/share/doc/*
path-exclude=/usr/share/locale/*
path-exclude=/usr/lib/python3/dist-packages/odoo/addons/*/i18n/*
EXCLUSIONS
# Proxies and the like of this machine.
apt-config dump Acquire > "$root/etc/apt/apt.conf.d/00machine"
cat > "$root/etc/apt/sources.list" << SOURCES
deb $mirror trixie main
deb $mirror sid main
SOURCES
cat > "$root/etc/apt/preferences.d/odoo" << 'PREFERENCES'
Package: *
Pin: release n=sid
Pin-Priority: 1

Package: odoo-19
Pin: release n=sid
Pin-Priority: 990
PREFERENCES

# No service is to start in there.
printf '#!/bin/sh\nexit 101\n' > "$root/usr/sbin/policy-rc.d"
chmod +x "$root/usr/sbin/policy-rc.d"
in_root() {
  chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive "$@"
}
in_root apt-get update -qq
in_root apt-get install -qq --no-install-recommends -o Dpkg::Use-Pty=0 \
  odoo-19 tzdata-legacy postgresql-client curl python3-venv busybox-static > /dev/null
in_root python3 -m venv --system-site-packages /opt/odoo-venv
rm -rf "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/*.bin "$root"/var/cache/apt/archives/*.deb
