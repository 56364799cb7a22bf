#!/usr/bin/env bash
# Packs the SDK: ProtoBridgeMQ.Client, ProtoBridgeMQ.Client.Hosting and ProtoBridgeMQ.Remoting, which they need, each with symbols.
#   eng/pack.sh OUT [more arguments of dotnet pack]
set -euo pipefail
[ $# -ge 1 ] || { echo "usage: eng/pack.sh OUT [arguments of dotnet pack]" >&2; exit 2; }
mkdir -p "$1"
out=$(cd "$1" && pwd)
shift
cd "$(dirname "$0")/.."
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
# The last one first: it builds the others.
dotnet pack src/Client.Hosting/Client.Hosting.csproj -c Release -o "$out" -v quiet -nologo "$@"
for project in Client Remoting; do
  dotnet pack "src/$project/$project.csproj" -c Release --no-build -o "$out" -v quiet -nologo "$@"
done
ls "$out"
