# Sourced by the scripts of this folder. They obey these variables:
#   ROTACTL_BINARY   the program to measure (default: the release build of this clone)
#   ROTACTL_BENCH    peers and stub server (default: shared/bench beside the clone)
#   ROUNDS           rounds; each runs every candidate once, in turn (default: the script's)
#   BENCH_PYTHON     a Python with boto3 and duckdb (default: python3)
#   BENCH_RESULTS    where the JSON lines go (default: the scratch folder)
#   BENCH_KEEP       keep the scratch folder and say where it is
#   TMPDIR           where the scratch folder is made; a million targets need about 10 GB
#   ONLY             an extended regular expression: measure the candidates whose label it matches
#   CLIENT_CPU, SERVER_CPU   processors to pin to (default: 0 and 1)
# What is missing is named and left out. Everything stands on loopback and is removed at the end.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
clone=$(cd "$here/../.." && pwd)
peers=${ROTACTL_BENCH:-$(dirname "$clone")/shared/bench}
python=${BENCH_PYTHON:-python3}
client_cpu=${CLIENT_CPU:-0}
server_cpu=${SERVER_CPU:-1}
PID=0

say() { printf '%s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

[ -d "$peers" ] || die "no peers at $peers: set ROTACTL_BENCH to a folder with stub-server.sh"
rotactl=${ROTACTL_BINARY:-$clone/.build/release/rotactl}
[ -x "$rotactl" ] || die "no program at $rotactl: swift build -c release --static-swift-stdlib --product rotactl"

work=$(mktemp -d)
results=${BENCH_RESULTS:-$work/results.jsonl}
# The caller's own settings and keys must change nothing here.
for name in $(compgen -e | grep -E '^(AWS_|ROTACTL_)' || true); do unset "$name"; done
export AWS_ACCESS_KEY_ID=AKIDEXAMPLE AWS_SECRET_ACCESS_KEY=secret AWS_DEFAULT_REGION=us-east-1
export AWS_EC2_METADATA_DISABLED=true AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null
export AWS_PAGER= no_proxy='*'

cleanup() {
  [ ! -d "$work/stub" ] || "$peers/stub-server.sh" stop "$work/stub"
  [ ! -e "$work/own/nginx.pid" ] || stop_own
  if [ "${BENCH_KEEP:-}" ]; then say "kept: $work"; else rm -rf "$work"; fi
}
trap cleanup EXIT

have() {
  command -v "$1" >/dev/null && return
  say "left out, no $1: $2"
  return 1
}

have_python() {
  "$python" -c "import $1" 2>/dev/null && return
  say "left out, no Python package $1: $2"
  return 1
}

# compile NAME SOURCE [LIBRARY ...], from the peers' sources
compile() {
  gcc -O2 -Wno-deprecated-declarations -o "$work/$1" "$peers/$2" "${@:3}"
}
compile meter lib/meter.c

# The Go SDK peer, from Debian's packages.
compile_go() {
  have go "Go SDK" || return 0
  [ -d /usr/share/gocode/src/github.com/aws/aws-sdk-go-v2 ] || { say "left out, no aws-sdk-go-v2: Go SDK"; return 0; }
  (cd "$peers/clients/go" && GO111MODULE=off GOPATH=/usr/share/gocode GOCACHE="$work/go-cache" GOFLAGS=-trimpath \
    go build -o "$work/go-sdk" .)
}

# The peers' server, which answers every call with the same text at once: HOST CA TLS PLAIN SLOW RATE.
start_peers_server() {
  "$peers/stub-server.sh" start "$work/stub" "$server_cpu"
  . "$work/stub/env"
}

# Our own server, which knows the secrets' state: OWN (https), OWN_PLAIN (http), OWN_PACED (https), OWN_PID.
# LATENCY_MS, RATE_LIMIT and RATE_BURST hold for the paced one. Needs the certificates of start_peers_server.
start_own_server() {
  local modules dir=$work/own calls plain paced
  modules=$(nginx -V 2>&1 | grep -o 'modules-path=[^ ]*' | cut -d= -f2)
  [ -e "$modules/ngx_http_lua_module.so" ] || die "nginx has no Lua module (Debian: libnginx-mod-http-lua)"
  mkdir -p "$dir"
  read -r calls plain paced <<<"$(python3 - <<'PY'
import socket
held = [socket.socket() for _ in range(3)]
for s in held:
    s.bind(("127.0.0.1", 0))
print(*[s.getsockname()[1] for s in held])
PY
)"
  sed -e "s|@LOAD@|load_module $modules/ndk_http_module.so; load_module $modules/ngx_http_lua_module.so;|" \
    -e "s|@USER@|$(id -un)|; s|@DIR@|$dir|g; s|@CERTIFICATES@|$work/stub|g" \
    -e "s|@CALLS@|$calls|; s|@PLAIN_CALLS@|$plain|; s|@PACED@|$paced|" \
    -e "s|@LATENCY_MS@|${LATENCY_MS:-30}|g; s|@RATE_LIMIT@|${RATE_LIMIT:-50}|g; s|@RATE_BURST@|${RATE_BURST:-50}|g" \
    "$here/stub/nginx.conf.in" >"$dir/nginx.conf"
  taskset -c "$server_cpu" nginx -p "$dir" -c "$dir/nginx.conf" -e "$dir/error.log"
  for _ in $(seq 50); do
    ! curl -s --cacert "$CA" -d '{}' "https://127.0.0.1:$calls/" >/dev/null || break
    sleep 0.1
  done
  OWN=https://127.0.0.1:$calls OWN_PLAIN=http://127.0.0.1:$plain OWN_PACED=https://127.0.0.1:$paced
  OWN_PID=$(cat "/proc/$(cat "$dir/nginx.pid")/task/$(cat "$dir/nginx.pid")/children")
  export AWS_ENDPOINT_URL_STS=$OWN AWS_CA_BUNDLE=$CA
}

stop_own() {
  local pid
  pid=$(cat "$work/own/nginx.pid")
  kill -QUIT "$pid"
  for _ in $(seq 50); do
    [ -e "/proc/$pid" ] || return 0
    sleep 0.1
  done
  kill -TERM "$pid"
}

forget() { curl -s --cacert "$CA" "$OWN/forget"; }

# measure LABEL COUNT COMMAND ...: one run on the client's processor, one JSON line in $results. A peer that prints
# "calls N" overrides COUNT.
measure() {
  local label=$1 count=$2 told
  shift 2
  [[ $label =~ ${ONLY:-.} ]] || { : >"$work/out"; return 0; }
  rm -f "$work/line"
  ${BENCH_WRAP:-} taskset -c "$client_cpu" "$work/meter" "$work/line" "$label" "$count" "$PID" "${LIMIT_S:-300}" "$@" \
    >"$work/out" 2>&1 || { say "failed: $label"; tail -5 "$work/out" >&2; }
  case $label in
  rotactl*) told= ;;
  *) told=$(grep -oE '(^| )calls [0-9]+' "$work/out" | grep -oE '[0-9]+' | tail -1 || true) ;;
  esac
  jq -c --argjson n "${told:-$count}" '.count = $n' "$work/line" >>"$results"
}

# names COUNT FILE: a CSV manifest of names in one region
names() {
  awk -v n="$1" 'BEGIN { print "secret_id,region"; for (i = 0; i < n; i++) printf "prod/team-%03d/app-%07d/db,us-east-1\n", i % 300, i }' >"$2"
}

# No pace, or the fastest that there is.
pace=(--rate unlimited)
"$rotactl" run --help 2>&1 | grep -q unlimited || pace=(--rate 10000 --burst 1000)
