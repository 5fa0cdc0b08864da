#!/bin/sh
# Shows the row of the database as a page at port 8080.
set -eu

mkdir -p /tmp/page
row=$(psql -X --html -v ON_ERROR_STOP=1 -c 'SELECT * FROM build')
printf '<!DOCTYPE html>\n<meta charset="utf-8">\n<title>%s</title>\n%s\n' "$RUNBOAT_GIT_REPO" "$row" >/tmp/page/index.html
echo "Serving the page of $RUNBOAT_GIT_REPO at port 8080."
if command -v busybox >/dev/null && busybox --list | grep -qx httpd; then
  exec busybox httpd -f -v -p 8080 -h /tmp/page
fi
exec python3 -m http.server --directory /tmp/page 8080
