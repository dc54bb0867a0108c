#!/usr/bin/env bash
# Pacing: TARGETS (default 10,000) cancels over 20 lanes at 50 a second each, against a server that answers after 30 ms
# and keeps a bucket of RATE_BURST (default 50) at 50 a second for each region. Judged by the server's log.
. "$(dirname "$0")/lib/bench.sh"
rounds=${ROUNDS:-2}
targets=${TARGETS:-10000}
start_peers_server
start_own_server
awk -v n="$targets" 'BEGIN {
  split("us-east-1 us-east-2 us-west-1 us-west-2 eu-west-1 eu-west-2 eu-west-3 eu-central-1 eu-north-1 eu-south-1 ap-south-1 ap-southeast-1 ap-southeast-2 ap-northeast-1 ap-northeast-2 ap-northeast-3 ca-central-1 sa-east-1 af-south-1 me-south-1", r, " ")
  print "secret_id,region"
  for (i = 0; i < n; i++) printf "prod/team-%03d/app-%07d/db,%s\n", i % 300, i, r[i % 20 + 1]
}' >"$work/manifest.csv"
for round in $(seq "$rounds"); do
  say "round $round of $rounds"
  sleep 1.5
  : >"$work/own/rate.log"
  forget
  PID=$OWN_PID measure 'rotactl run, 20 lanes at 50/s' $((4 * targets)) "$rotactl" run "$work/manifest.csv" --yes \
    --reports "$work/reports$round" --endpoint-url "$OWN_PACED" --rate 50 --burst "${BURST:-2}" --progress none \
    --concurrency "${CONCURRENCY:-256}"
  sleep 0.5
  "$python" "$peers/clients/rate_report.py" 50 "$work/own/rate.log" 'rotactl run' >>"$work/rows"
done
"$python" "$peers/clients/rate_report.py" --head
cat "$work/rows"
echo
"$python" "$here/lib/ratios.py" "$results" calls 'cpu(rotactl run, 20 lanes at 50/s) <= 200'
