#!/usr/bin/env bash
# A whole run of TARGETS (default 1,000,000) targets without a quota, reports and bundle included, beside smaller ones:
# peak memory, and a cost per target that must not grow.
. "$(dirname "$0")/lib/bench.sh"
targets=${TARGETS:-1000000}
export LIMIT_S=7200
start_peers_server
start_own_server
for count in 10000 100000 "$targets"; do
  ((count <= targets)) || continue
  names "$count" "$work/manifest.csv"
  forget
  PID=$OWN_PID measure "rotactl run of $count" "$count" "$rotactl" run "$work/manifest.csv" --yes \
    --reports "$work/reports" --endpoint-url "$OWN" "${pace[@]}" --progress none --bundle-format "${FORMAT:-tar.gz}"
  tail -4 "$work/out" >&2
  rm -rf "$work/reports"
done
echo
echo 'calls here are targets'
"$python" "$here/lib/ratios.py" "$results" calls "rss(rotactl run of $targets) <= 128" \
  "rotactl run of $targets / rotactl run of 10000 >= 0.95"
