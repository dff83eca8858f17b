#!/bin/sh
# The administrator's part: two secrets, a role that may read them, and a wrapped secret id in the folder that the app sees.
set -eu
folder="${1:-/run/approle}"

secret() {
    head -c 24 /dev/urandom | base64 | tr -d '\n'
}

secret | bao kv put -mount=secret app api_key=- >/dev/null
secret | bao kv put -mount=secret db user=app password=- >/dev/null
bao policy write app - >/dev/null <<'POLICY'
path "secret/data/app" { capabilities = ["read"] }
path "secret/data/db" { capabilities = ["read"] }
POLICY
bao auth enable approle >/dev/null
bao write auth/approle/role/app token_policies=app token_ttl=10m secret_id_num_uses=1 secret_id_ttl=5m >/dev/null
bao write auth/approle/role/app/role-id role_id=app >/dev/null
bao write -f -wrap-ttl=5m -field=wrapping_token auth/approle/role/app/secret-id >"$folder/wrapped_secret_id"
chmod 0444 "$folder/wrapped_secret_id"
