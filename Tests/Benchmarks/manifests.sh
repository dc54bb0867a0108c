#!/usr/bin/env bash
# Planning ROWS (default 1,000,000) targets offline (read, check, expand, merge, lane, count) against DuckDB, which
# counts the same file: CSV of about 120 MB, and JSON Lines.
. "$(dirname "$0")/lib/bench.sh"
rounds=${ROUNDS:-5}
rows=${ROWS:-1000000}
"$python" "$peers/parsers/generate.py" "$rows" "$work"
csv=$work/manifest.csv lines=$work/manifest.jsonl
# The profiles that the manifests name, with keys of their own.
for n in $(seq -f %02g 0 11); do
  for name in "profile prod-$n" "profile 'prod-$n, \"break-glass\"'"; do
    printf '[%s]\naws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = secret\nregion = us-east-1\n' "$name"
  done
done >"$work/config"
export AWS_CONFIG_FILE=$work/config

for round in $(seq "$rounds"); do
  say "round $round of $rounds"
  for kind in csv jsonl; do
    file=$work/manifest.$kind size=$(stat -c %s "$work/manifest.$kind")
    measure "rotactl plan --offline, $kind" "$size" "$rotactl" plan "$file" --offline --progress none
    ! have_python duckdb DuckDB ||
      measure "DuckDB, $kind" "$size" "$python" "$peers/parsers/parse.py" "duckdb-${kind/jsonl/json}" "$file"
    measure "sha256sum, $kind" "$size" sha256sum "$file"
  done
done
echo
"$python" "$here/lib/ratios.py" "$results" bytes 'rotactl plan --offline, csv / DuckDB, csv >= 1' \
  'rotactl plan --offline, jsonl / DuckDB, jsonl >= 1' 'rss(rotactl plan --offline, csv) <= 64' \
  'rss(rotactl plan --offline, jsonl) <= 64'
