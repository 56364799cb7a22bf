#!/usr/bin/env bash
# Publishes the samples of the SDK as a program that brings its own runtime, and runs them against a gateway.
#   eng/aot.sh native     compiled ahead of time (PublishAot)
#   eng/aot.sh trimmed    with the runtime, trimmed (PublishTrimmed); then once more without dynamic code, as ahead-of-time code has none
# With a second word, restore, it only restores the packages that this takes.
# Native, where the package source lacks the .NET 10 runtime for it, but has .NET 9's compiler: the same sources, built for .NET 9.
# NAMESRV=host:port uses a gateway that runs already; else one is built and started (NAMESRV_PORT, BROKER_PORT: its ports).
# Exit code 0: published without a warning, and every sample did what it should. 3: a package that this takes cannot be
# restored here. 1: anything else.
set -euo pipefail
cd "$(dirname "$0")/.."

case "${1:-}" in
  native) mode=(-p:PublishAot=true) frameworks=(net10.0 net9.0) ;;
  trimmed) mode=(-p:PublishTrimmed=true) frameworks=(net10.0) ;;
  *) echo "usage: eng/aot.sh native|trimmed [restore]" >&2; exit 2 ;;
esac
mode+=(-p:TrimmerSingleWarn=false)
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 MSBUILDDISABLENODEREUSE=1
work=$(mktemp -d)
gateway=""
stop() {
  [ -z "$gateway" ] || { kill "$gateway" 2>/dev/null || true; wait "$gateway" 2>/dev/null || true; }
  rm -rf "$work"
}
trap stop EXIT

# In a copy: what is restored for one platform must not take the place of what is built here.
mkdir "$work/source"
tar -c --exclude=bin --exclude=obj Directory.Build.props Directory.Packages.props global.json .editorconfig eng \
  src/Directory.Build.props src/Remoting src/Client src/Client.Hosting samples/sdk | tar -x -C "$work/source"
project="$work/source/samples/sdk"
framework=""
for candidate in "${frameworks[@]}"; do
  sed -i -E "s/(<TargetFramework>)[^<]*/\1$candidate/" "$work/source/Directory.Build.props"
  if dotnet restore "$project" -r linux-x64 -p:SelfContained=true "${mode[@]}" -v quiet >"$work/log" 2>&1; then
    framework=$candidate
    break
  fi
  grep -qE 'NU1(101|102|103|301)' "$work/log" || { cat "$work/log"; exit 1; }
  packages=$(sed -nE "s/.*NU1(101|102|103): Unable to find ([a-z ]*package )?([A-Za-z0-9.-]+).*/\3/p" "$work/log" | sort -u | sed 's/\.$//' | paste -sd ' ')
  echo "$1 as $candidate cannot be restored: ${packages:-the package source does not answer}"
done
[ -n "$framework" ] || exit 3
[ "${2:-}" != restore ] || exit 0
[ "$framework" = net10.0 ] || cp eng/aot/Net9.cs "$work/source/src/Remoting/"
dotnet publish "$project" -c Release -r linux-x64 --no-restore -p:SelfContained=true "${mode[@]}" -p:RunAnalyzers=false \
  -o "$work/out" -v quiet -nologo || exit 1

if [ -z "${NAMESRV:-}" ]; then
  NAMESRV=127.0.0.1:${NAMESRV_PORT:-29876}
  dotnet build src/Gateway -c Release -v quiet -nologo -clp:ErrorsOnly -p:RunAnalyzers=false
  dotnet src/Gateway/bin/Release/net10.0/ProtoBridgeMQ.Gateway.dll --data "$work/data" --mqtt-port 0 --http-port "${HTTP_PORT:-28080}" \
    --namesrv-port "${NAMESRV##*:}" --broker-port "${BROKER_PORT:-20911}" >"$work/gateway.log" 2>&1 &
  gateway=$!
  for _ in $(seq 150); do
    grep -q '^ready ' "$work/gateway.log" && break
    kill -0 "$gateway" 2>/dev/null || { cat "$work/gateway.log"; exit 1; }
    sleep 0.1
  done
fi

# Without the installed runtime: the program must have all it needs.
run() {
  local said
  said=$(env -u DOTNET_ROOT PROTOBRIDGE_POSTGRES= timeout 60 "$work/out/ProtoBridgeMQ.SdkSamples" "$1" "$NAMESRV" 2>&1) \
    || { echo "$1 failed: $said"; exit 1; }
  grep -qF "$2" <<<"$said" || { echo "$1 did not say '$2': $said"; exit 1; }
  echo "$1: $2"
}
run_all() {
  run quickstart "handled: Hello"
  run ordered "order-3: placed > paid > packed > shipped"
  run request-reply "12 squared is 144"
  run worker "the sum is 10"
  run replay "replayed: after 1, after 2, after 3"
}
# Nobody is there: it must say so, and not wait for ever.
refused() {
  local said code=0
  said=$(env -u DOTNET_ROOT timeout 60 "$work/out/ProtoBridgeMQ.SdkSamples" quickstart 127.0.0.1:1 2>&1) || code=$?
  [ "$code" != 124 ] && grep -qF "no connection to 127.0.0.1:1" <<<"$said" || { echo "where nobody is: exit code $code, $said"; exit 1; }
  echo "without a name server: it says so"
}
run_all
refused
if [ "$1" = trimmed ]; then
  settings="$work/out/ProtoBridgeMQ.SdkSamples.runtimeconfig.json"
  sed -i 's/\(RuntimeFeature.IsDynamicCodeSupported": \)true/\1false/' "$settings"
  grep -q 'IsDynamicCodeSupported": false' "$settings" || { echo "dynamic code could not be switched off in $settings"; exit 1; }
  run_all
fi
echo "$1 ($framework): $(du -sh "$work/out" | cut -f1), every sample ran"
