#!/usr/bin/env bash
# Packs pbmq and installs it as a .NET tool into a folder: eng/tool.sh FOLDER [arguments of dotnet pack].
# Only the package that was made here is looked at: no feed is asked.
set -euo pipefail
mkdir -p "${1:?say the folder}"
folder=$(cd "$1" && pwd)
shift
cd "$(dirname "$0")/.."
packages=$(mktemp -d)
trap 'rm -rf "$packages"' EXIT
dotnet pack src/Cli/Cli.csproj -c Release -o "$packages" -v q -nologo "$@"
cat > "$packages/nuget.config" <<XML
<configuration><packageSources><clear /><add key="here" value="$packages" /></packageSources></configuration>
XML
package=$(basename "$packages"/ProtoBridgeMQ.Cli.*.nupkg .nupkg)
dotnet tool update ProtoBridgeMQ.Cli --version "${package#ProtoBridgeMQ.Cli.}" --tool-path "$folder" --configfile "$packages/nuget.config" --no-cache
