#!/usr/bin/env bash
# The one test command. Installs the real clients and servers it may install, builds once, runs every test project.
#   ./test.sh                    everything
#   ./test.sh --filter "..."     passed on to dotnet test
# A client that cannot be installed is named by the tests that need it, as skipped, with the reason.
# Of a project of which a few tests fail, those are tried once more, with the same seeds: most of them drive processes in
# real time. What passes then is named and counted apart; it is a fault to be looked for all the same.
set -uo pipefail
cd "$(dirname "$0")"
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

eng/install-clients.sh || echo "test.sh: some clients are missing; their tests say which"

dotnet build ProtoBridgeMQ.sln -c Release -nologo -v quiet -clp:ErrorsOnly || exit 1

MOST_TRIED_AGAIN=5

run() {
  dotnet test "$1" -c Release --no-build -nologo --logger "console;verbosity=minimal" --blame-hang-timeout 5m "${@:2}" 2>&1
}

failed=0 passed=0 skipped=0 second=0 bad=0
for project in tests/{Architecture,Unit,Protocol,Store,Bridge,Interop}/Tests.*.csproj; do
  echo "== $project"
  log=$(mktemp)
  run "$project" "$@" | tee "$log"
  result=${PIPESTATUS[0]}
  line=$(grep -E '^(Passed|Failed)! ' "$log" | tail -1)
  count() { sed -E "s/.*$1: *([0-9]+).*/\1/;t;s/.*/0/" <<<"$line"; }
  wrong=$(count Failed) right=$(count Passed)
  if [ "$result" -ne 0 ] && [ $# -eq 0 ] && [ "$wrong" -gt 0 ] && [ "$wrong" -le "$MOST_TRIED_AGAIN" ]; then
    filter=$(sed -nE 's/^  Failed ([A-Za-z0-9_.]+).*/FullyQualifiedName~\1/p' "$log" | sort -u | paste -sd '|')
    echo "== tried once more: $filter"
    if run "$project" --filter "$filter"; then
      result=0 second=$((second + wrong)) right=$((right + wrong)) wrong=0
    fi
  fi
  [ "$result" -eq 0 ] || bad=1
  failed=$((failed + wrong)) passed=$((passed + right)) skipped=$((skipped + $(count Skipped)))
  rm -f "$log"
done
echo "$passed passed, $second of them at the second try, $failed failed, $skipped skipped"
[ "$bad" -eq 0 ] && [ "$failed" -eq 0 ]
