#!/bin/sh
# Downloads the commit and makes a database with one row about it.
set -eu

fail() {
  echo "$1" | tee /dev/termination-log >&2
  exit 1
}

url=${RUNBOAT_GIT_BASE_URL:-https://github.com}/$RUNBOAT_GIT_REPO/tarball/$RUNBOAT_GIT_REF
curl --fail --silent --show-error --location --retry 3 --output /tmp/source.tar.gz "$url" ||
  fail "The download of $url failed; the log says why."
files=$(tar -tzf /tmp/source.tar.gz | grep -c '[^/]$') || fail "What $url answered is not a tarball with files."

sh /runboat/cleanup.sh
psql -X -q -d postgres -v ON_ERROR_STOP=1 -v name="$PGDATABASE" <<'SQL'
CREATE DATABASE :"name";
SQL
psql -X -q -v ON_ERROR_STOP=1 -v repo="$RUNBOAT_GIT_REPO" -v commit="$RUNBOAT_GIT_REF" -v files="$files" <<'SQL'
CREATE TABLE build (repository text, commit text, files integer, made timestamptz DEFAULT now());
INSERT INTO build (repository, commit, files) VALUES (:'repo', :'commit', :'files');
SQL
echo "Made the database $PGDATABASE from $files files." | tee /dev/termination-log
