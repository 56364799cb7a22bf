#!/usr/bin/env bash
# Kills the gateway (kill -9) at random moments under load of remoting, MQTT and HTTP, restarts it on the same data, and
# counts: every acknowledged message is there once, in order, without gaps, and consumers went on from their progress.
#   eng/kill9.sh [rounds=20] [seed]      exit code 0: everything held
set -euo pipefail
cd "$(dirname "$0")/.."
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
dotnet build tests/Interop -c Release -nologo -v quiet -clp:ErrorsOnly -p:RunAnalyzers=false
exec dotnet tests/Interop/bin/Release/net10.0/ProtoBridgeMQ.Tests.Interop.dll kill9 "$@"
