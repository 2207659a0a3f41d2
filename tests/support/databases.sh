# Sourced by scripts that run ponte as a service: a database of the name $database on each server of tests/run, with a table of agents, two of
# whom are in PostgreSQL's. `pg SQL` and `my SQL` speak to them; who has sourced this calls `drop_databases` at its end.
# shellcheck shell=bash disable=SC2154

# postgres://user:password@host:port/db and mysql://… in pieces
piece() { sed -E "s#^[a-z]+://([^:]+):([^@]+)@([^:]+):([0-9]+)/.*#\\$2#" <<<"$1"; }
pg() { PGPASSWORD=$(piece "$PONTE_TEST_POSTGRES" 2) psql -X -q -A -t -v ON_ERROR_STOP=1 -h "$(piece "$PONTE_TEST_POSTGRES" 3)" -p "$(piece "$PONTE_TEST_POSTGRES" 4)" \
  -U "$(piece "$PONTE_TEST_POSTGRES" 1)" -d "${2-$database}" -c "$1"; }
my() { MYSQL_PWD=$(piece "$PONTE_TEST_MARIADB" 2) mariadb --no-defaults -N -B -h "$(piece "$PONTE_TEST_MARIADB" 3)" -P "$(piece "$PONTE_TEST_MARIADB" 4)" \
  -u "$(piece "$PONTE_TEST_MARIADB" 1)" -e "$1" ${2-$database}; }
drop_databases() {
  pg "DROP DATABASE IF EXISTS $database WITH (FORCE)" postgres
  my "DROP DATABASE IF EXISTS $database" mysql
}
pg "CREATE DATABASE $database" postgres
my "CREATE DATABASE $database" mysql
pg "CREATE TABLE agent (code text PRIMARY KEY, name text NOT NULL); INSERT INTO agent VALUES ('A', 'Anna'), ('B', 'Bruno')"
my "CREATE TABLE agent (code varchar(40) PRIMARY KEY, name varchar(80) NOT NULL) CHARACTER SET utf8mb4"
