# Runs commands.sh of the current folder; see documented.ts. Arguments: Node, and the program's entry.
set -euo pipefail
node=$1 main=$2 started=0 code_step=0
pids=()

stop_all() {
  for pid in ${pids[@]+"${pids[@]}"}; do kill "$pid" 2>/dev/null || true; done
  wait
}
trap stop_all EXIT

# Long-running roles go to the background; it returns when they are up. Their logs are 1.log, 2.log, …
streamgate() {
  local role=$1
  case $role in
    up | node | controller) ;;
    *) "$node" "$main" "$@" && return 0 || return $? ;;
  esac
  started=$((started + 1))
  local ports
  if [ "$role" = up ]; then read -ra ports <<<"$SG_UP_PORTS"; else ports=(0 0 0 0); fi
  DATA_DIR=${DATA_DIR:-$PWD/data-$role-$started} TCP_PORT=${ports[0]} UDP_PORT=${ports[1]} HTTP_PORT=${ports[2]} ADMIN_PORT=${ports[3]} \
    CONTROL_PORT=${CONTROL_PORT:-$SG_CONTROL_PORT} OPAMP_PORT=${OPAMP_PORT:-$SG_OPAMP_PORT} \
    "$node" "$main" "$@" >$started.out 2>$started.log &
  pids+=($!)
  until_true "$role $started is up" grep -q '^  data ' $started.log || { cat $started.log; return 1; }
}

until_true() {
  local what=$1
  shift
  for _ in $(seq 300); do
    if "$@" >/dev/null 2>&1; then return 0; fi
    sleep 0.1
  done
  echo "waited in vain: $what" >&2
  return 1
}

# Errors end the script; `last` has the newest answer. What looks like the example of a six-digit code is a real one.
curl() {
  local arguments=("$@")
  if [[ "$*" == *123456* ]]; then
    local code
    code=$("$node" -e '
      const { TOTP, Secret } = require(process.argv[1])
      const timestamp = Date.now() + 30_000 * Number(process.argv[3])
      console.log(new TOTP({ secret: Secret.fromBase32(process.argv[2]) }).generate({ timestamp }))
    ' "$(dirname "$main")/../node_modules/otpauth" "$(cat secret.txt)" "$code_step")
    code_step=1
    arguments=("${@//123456/$code}")
  fi
  command curl -sS --fail-with-body "${arguments[@]}" | tee last
  jq -r '.secret // empty' last >secret.new 2>/dev/null || true
  if [ -s secret.new ]; then cp secret.new secret.txt; fi
}

first_login() {
  sed -n 's/.*#token=//p' $started.log
}

source ./commands.sh
