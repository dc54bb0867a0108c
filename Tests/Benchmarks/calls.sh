#!/usr/bin/env bash
# Calls a second of a whole run without a quota (describe, decide, describe, cancel, verify, journal, reports, bundle;
# counted as HTTP calls), against load generators and what a user would pick instead. TARGETS (default 20000) targets;
# FORMAT (default tar.zst) is the form of the bundle.
. "$(dirname "$0")/lib/bench.sh"
rounds=${ROUNDS:-5}
targets=${TARGETS:-20000}
start_peers_server
PEERS_PID=$PID
start_own_server
compile curl_multi clients/curl_multi.c -lcurl -lcrypto
compile_go
tls=https://$HOST:$TLS/ c=$peers/clients
"$python" "$c/curl_config.py" 20000 "$tls" "$CA" >"$work/curl.conf"
names "$targets" "$work/manifest.csv"

run() {
  local label=$1
  shift
  forget
  PID=$OWN_PID measure "$label" $((4 * targets)) "$rotactl" run "$work/manifest.csv" --yes --reports "$work/reports$RANDOM" \
    --endpoint-url "$OWN" "${pace[@]}" --bundle-format "${FORMAT:-tar.zst}" --progress none "$@"
}

for round in $(seq "$rounds"); do
  say "round $round of $rounds"
  PID=$PEERS_PID
  ! have wrk 'the limit' || measure 'wrk TLS, unsigned' 0 wrk -t1 -c64 -d3s -s "$c/post.lua" "$tls"
  measure 'libcurl C, own signature' 40000 "$work/curl_multi" -n 40000 -s own -o "$work/calls.jsonl" "$tls" "$CA"
  run 'rotactl run'
  PID=$PEERS_PID
  measure 'curl --parallel --aws-sigv4' 20000 curl -sS --no-progress-meter --parallel --parallel-max 64 -K "$work/curl.conf"
  [ ! -x "$work/go-sdk" ] || measure 'Go SDK v2' 20000 "$work/go-sdk" 20000 64 "$tls" "$CA"
  ! have_python boto3 boto3 || measure 'boto3, 32 threads' 3000 "$python" "$c/boto3_threads.py" 3000 32 "$tls" "$CA"
done
echo
"$python" "$here/lib/ratios.py" "$results" calls 'rotactl run / wrk TLS, unsigned >= 0.42' \
  'rotactl run / libcurl C, own signature >= 1' 'rotactl run / curl --parallel --aws-sigv4 >= 2.5' \
  'rotactl run / Go SDK v2 >= 3' 'rotactl run / boto3, 32 threads >= 20' 'cpu(rotactl run) <= 75'
