#!/usr/bin/env bash
# The journal: what durable intents cost a run (with fdatasync, and with the call made a no-op by a preloaded library),
# and how fast `resume` reads a journal, beside `sha256sum` of the same file.
. "$(dirname "$0")/lib/bench.sh"
rounds=${ROUNDS:-5}
targets=${TARGETS:-20000}
start_peers_server
start_own_server
names "$targets" "$work/manifest.csv"
printf 'int fdatasync(int fd) { (void)fd; return 0; }\n' | gcc -O2 -shared -fPIC -x c -o "$work/nosync.so" -
run() {
  local label=$1
  shift
  forget
  PID=$OWN_PID measure "$label" $((4 * targets)) env "$@" "$rotactl" run "$work/manifest.csv" --yes \
    --reports "$work/reports" --run-id "r$RANDOM$RANDOM" --endpoint-url "$OWN" "${pace[@]}" --progress none \
    --bundle-format tar.zst
}
for round in $(seq "$rounds"); do
  say "round $round of $rounds"
  run 'rotactl run, fdatasync' A=1
  run 'rotactl run, no fdatasync' "LD_PRELOAD=$work/nosync.so"
done
echo
"$python" "$here/lib/ratios.py" "$results" calls 'rotactl run, fdatasync / rotactl run, no fdatasync >= 0.9'

# Reading alone: a line at the end that is none makes `resume` read all and stop there.
echo
results=$work/resume.jsonl
records=${RECORDS:-1000000}
names $((records / 2)) "$work/manifest.csv"
forget
say "making a run of $((records / 2)) targets"
"$rotactl" run "$work/manifest.csv" --yes --reports "$work/reports" --run-id big --endpoint-url "$OWN" "${pace[@]}" \
  --progress none --bundle-format tar.zst --quiet >"$work/out" 2>&1 || die "$(tail -5 "$work/out")"
journal=$work/reports/big/journal.ndjson
echo 'no record' >>"$journal"
size=$(stat -c %s "$journal")
echo "journal: $(wc -l <"$journal") records, $size bytes"
for round in $(seq 3); do
  measure 'sha256sum of the journal' "$size" sha256sum "$journal"
  measure 'rotactl resume, reading' "$size" sh -c "$rotactl resume $work/reports/big --progress none; [ \$? = 5 ]"
done
"$python" "$here/lib/ratios.py" "$results" bytes 'rotactl resume, reading / sha256sum of the journal >= 1'
