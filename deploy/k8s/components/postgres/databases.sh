#!/bin/sh
# A database and a role for each service; their passwords come from the Secret `postgres`.
set -eu
for service in orchestrator population intervention communication models results validation webhooks gateway; do
  password=$(printenv "PASSWORD_$(echo "$service" | tr '[:lower:]' '[:upper:]')")
  psql --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" -v ON_ERROR_STOP=1 -v name="$service" -v password="$password" <<'SQL'
CREATE ROLE :"name" LOGIN PASSWORD :'password';
CREATE DATABASE :"name" OWNER :"name";
REVOKE ALL ON DATABASE :"name" FROM PUBLIC;
SQL
done
