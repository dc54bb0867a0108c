#!/usr/bin/env bash
# Bundling COUNT (default 200,000) reports as tar.gz, tar.zst and zip. `rotactl resume` of a finished run does nothing but
# read plan and journal, make reports and tables anew, hash all, and pack: against `tar` over ready-made files piped to
# the same compressor (zip: Info-ZIP), and against libarchive alone in C, which gets the same reports from memory.
. "$(dirname "$0")/lib/bench.sh"
rounds=${ROUNDS:-3}
count=${COUNT:-200000}
export LIMIT_S=1800
start_peers_server
start_own_server
compile libarchive_limit archives/libarchive_limit.c -larchive -lcrypto
names "$count" "$work/manifest.csv"
say "making a run of $count targets"
"$rotactl" run "$work/manifest.csv" --yes --reports "$work/reports" --run-id run --endpoint-url "$OWN" "${pace[@]}" \
  --progress none --bundle-format tar.zst --quiet >"$work/out" 2>&1 || die "$(tail -5 "$work/out")"
mkdir "$work/tree"
tar -C "$work/tree" --zstd -xf "$work/reports/run.tar.zst"
# Everything but the journal and plan, one report a line, for the program that takes its entries so.
"$python" - "$work/tree/run/secrets" >"$work/lines" <<'PY'
import os, sys
for folder, _, names in os.walk(sys.argv[1]):
    for name in sorted(names):
        sys.stdout.write(open(f"{folder}/{name}").read().replace("\n", " ") + "\n")
PY
size=$(du -sb --apparent-size "$work/tree/run" | cut -f1)
reports=$(stat -c %s "$work/lines")

for round in $(seq "$rounds"); do
  say "round $round of $rounds"
  for format in tar.gz tar.zst zip; do
    rm -rf "$work/again" "$work"/out.*
    mkdir "$work/again"
    cp -r "$work/reports/run" "$work/again/run"
    sed -i "s/\"bundleFormat\": *\"[a-z.]*\"/\"bundleFormat\": \"$format\"/" "$work/again/run/run.json"
    measure "rotactl, $format" "$size" "$rotactl" resume "$work/again/run" --endpoint-url "$OWN" --progress none
    [ -e "$work/again/run.$format" ] || say "no bundle: $(tail -3 "$work/out")"
    tar -C "$work/tree" -cf - run | cat >/dev/null
    case $format in
    tar.gz)
      measure "tar | gzip -6" "$size" sh -c "tar -C $work/tree -cf - run | gzip -6 >$work/out.gz"
      measure "libarchive C, reports alone, tar.gz" "$reports" "$work/libarchive_limit" paxr gzip 6 "$work/lines" "$work/out.a"
      ;;
    tar.zst)
      measure "tar | zstd -3" "$size" sh -c "tar -C $work/tree -cf - run | zstd -q -3 --single-thread >$work/out.zst"
      measure "libarchive C, reports alone, tar.zst" "$reports" "$work/libarchive_limit" paxr zstd 3 "$work/lines" "$work/out.a"
      ;;
    zip)
      ! have zip Info-ZIP || measure "zip -qr" "$size" sh -c "cd $work/tree && zip -qr $work/out.zip run"
      measure "libarchive C, reports alone, zip" "$reports" "$work/libarchive_limit" zip none 6 "$work/lines" "$work/out.a"
      ;;
    esac
  done
done
echo
"$python" "$here/lib/ratios.py" "$results" bytes 'rotactl, tar.gz / tar | gzip -6 >= 1' \
  'rotactl, tar.zst / tar | zstd -3 >= 1' 'rotactl, zip / zip -qr >= 1' \
  'rotactl, tar.gz / libarchive C, reports alone, tar.gz >= 0' \
  'rotactl, tar.zst / libarchive C, reports alone, tar.zst >= 0' \
  'rotactl, zip / libarchive C, reports alone, zip >= 0'
