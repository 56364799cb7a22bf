#!/usr/bin/env bash
# The sample in one command: gateway, simulated devices, a .NET consumer with rolling averages, and commands by HTTP.
#   ./run.sh               until Ctrl-C
#   ./run.sh --seconds 20  for so long; exit code 0 when measurements and answers were seen
# MQTT_PORT, HTTP_PORT, NAMESRV_PORT, BROKER_PORT choose other ports. START_GATEWAY=0 uses a gateway that runs already,
# BUILD=0 what is built already, CONFIGURATION=Debug another build.
set -euo pipefail
cd "$(dirname "$0")"
seconds=0
[ "${1:-}" = --seconds ] && seconds=${2:?how many seconds}
mqtt=${MQTT_PORT:-1883} http=${HTTP_PORT:-8080} namesrv=${NAMESRV_PORT:-9876} broker=${BROKER_PORT:-10911}
names=(kitchen hall cellar)
root=$(cd ../.. && pwd)
work=$(mktemp -d)
pids=()
stop() {
  trap - EXIT
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  wait 2>/dev/null || true
  rm -rf "$work"
}
trap stop EXIT
trap 'exit 0' INT TERM

export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
configuration=${CONFIGURATION:-Release}
if [ "${BUILD:-1}" = 1 ]; then
  echo "Building ..."
  for project in "$root/src/Gateway" Telemetry; do
    dotnet build "$project" -c "$configuration" -v quiet -nologo -clp:ErrorsOnly -p:RunAnalyzers=false >"$work/build.log" 2>&1 \
      || { cat "$work/build.log"; exit 1; }
  done
fi

if [ "${START_GATEWAY:-1}" = 1 ]; then
  : > "$work/gateway.log"
  dotnet "$root/src/Gateway/bin/$configuration/net10.0/ProtoBridgeMQ.Gateway.dll" --data "$work/data" \
    --mqtt-port "$mqtt" --http-port "$http" --namesrv-port "$namesrv" --broker-port "$broker" > "$work/gateway.log" 2>&1 &
  pids+=($!)
  for _ in $(seq 100); do
    grep -q '^ready ' "$work/gateway.log" && break
    kill -0 "${pids[0]}" 2>/dev/null || { cat "$work/gateway.log"; exit 1; }
    sleep 0.1
  done
  cat "$work/gateway.log"
fi

# mqtt.js where it is installed (here, or with the tests), else Paho, else mqtt.js from npm.
python=""
for candidate in python3 /usr/bin/python3; do
  "$candidate" -c 'import paho.mqtt.client' 2>/dev/null && { python=$candidate; break; }
done
modules=""
for folder in devices/node_modules "$root/tests/Interop/clients/node_modules"; do
  [ -d "$folder/mqtt" ] && { modules=$(cd "$folder" && pwd); break; }
done
if [ -z "$modules" ] && [ -z "$python" ] && command -v npm >/dev/null; then
  (cd devices && npm install --silent --no-audit --no-fund) && modules=$PWD/devices/node_modules
fi
if [ -n "$modules" ] && command -v node >/dev/null; then
  echo "Devices: mqtt.js"
  NODE_PATH=$modules node devices/devices.js "$mqtt" "${names[@]}" &
elif [ -n "$python" ]; then
  echo "Devices: Paho"
  "$python" devices/devices.py "$mqtt" "${names[@]}" &
else
  echo "The devices need node with npm, or python3 with paho-mqtt (Debian: nodejs npm, or python3-paho-mqtt)."
  exit 1
fi
pids+=($!)

dotnet Telemetry/bin/$configuration/net10.0/ProtoBridgeMQ.Telemetry.dll "127.0.0.1:$namesrv" > >(tee "$work/telemetry.log") 2>&1 &
pids+=($!)

echo "Commands go out by HTTP, such as:"
echo "  curl -X POST 'http://127.0.0.1:$http/v1/topics/commands/messages?tag=kitchen/interval' --data-binary 200"
end=$((SECONDS + seconds))
intervals=(500 250 1000) turn=0
while [ "$seconds" = 0 ] || [ "$SECONDS" -lt "$end" ]; do
  sleep 4
  name=${names[$((turn % ${#names[@]}))]} interval=${intervals[$((turn % ${#intervals[@]}))]}
  curl -sS -o /dev/null -X POST "http://127.0.0.1:$http/v1/topics/commands/messages?tag=$name/interval" --data-binary "$interval" \
    || echo "the command to $name could not be sent"
  turn=$((turn + 1))
done
grep -q 'average' "$work/telemetry.log" && grep -q 'answers' "$work/telemetry.log" \
  || { echo "No measurements or no answers were seen."; exit 1; }
