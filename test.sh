#!/usr/bin/env bash
# The one test command. Installs the real clients and servers it may install, builds once, runs every test project.
#   ./test.sh                    everything
#   ./test.sh --filter "..."     passed on to dotnet test
# A client that cannot be installed is named by the tests that need it, as skipped, with the reason.
set -uo pipefail
cd "$(dirname "$0")"
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

eng/install-clients.sh || echo "test.sh: some clients are missing; their tests say which"

dotnet build ProtoBridgeMQ.sln -c Release -nologo -v quiet -clp:ErrorsOnly || exit 1

failed=0 passed=0 skipped=0 bad=0
for project in tests/{Architecture,Unit,Protocol,Store,Bridge,Interop}/Tests.*.csproj; do
  echo "== $project"
  log=$(mktemp)
  dotnet test "$project" -c Release --no-build -nologo --logger "console;verbosity=minimal" --blame-hang-timeout 5m "$@" 2>&1 | tee "$log"
  [ "${PIPESTATUS[0]}" -eq 0 ] || bad=1
  line=$(grep -E '^(Passed|Failed)! ' "$log" | tail -1)
  count() { sed -E "s/.*$1: *([0-9]+).*/\1/;t;s/.*/0/" <<<"$line"; }
  failed=$((failed + $(count Failed))) passed=$((passed + $(count Passed))) skipped=$((skipped + $(count Skipped)))
  rm -f "$log"
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$bad" -eq 0 ] && [ "$failed" -eq 0 ]
