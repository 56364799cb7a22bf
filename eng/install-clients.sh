#!/usr/bin/env bash
# Installs the real clients and servers that the interop tests drive: Debian's MQTT clients, browser and PostgreSQL, the npm clients of tests/Interop, and
# the packages of the runtime that published samples bring along.
# Does nothing where they are there already; says what it could not install.
set -u
cd "$(dirname "$0")/.."
missing=()
for program in mosquitto_pub node npm curl chromium; do command -v "$program" >/dev/null 2>&1 || missing+=("$program"); done
compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || missing+=(postgresql)
python3 -c 'import paho.mqtt.client' 2>/dev/null || /usr/bin/python3 -c 'import paho.mqtt.client' 2>/dev/null || missing+=(paho)

if [ ${#missing[@]} -gt 0 ] && command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
  export DEBIAN_FRONTEND=noninteractive
  packages=()
  for name in "${missing[@]}"; do
    case $name in
      mosquitto_pub) packages+=(mosquitto-clients) ;;
      node) packages+=(nodejs) ;;
      npm) packages+=(npm) ;;
      curl) packages+=(curl) ;;
      chromium) packages+=(chromium fonts-dejavu-core) ;;
      paho) packages+=(python3-paho-mqtt) ;;
      postgresql) packages+=(postgresql) ;;
    esac
  done
  (apt-get update -qq && apt-get install -y -qq --no-install-recommends "${packages[@]}") >/dev/null 2>&1 \
    || echo "install-clients: apt-get could not install ${packages[*]}"
fi

if command -v npm >/dev/null 2>&1 && [ -f tests/Interop/clients/package.json ] && ! npm ls --prefix tests/Interop/clients >/dev/null 2>&1; then
  (cd tests/Interop/clients && npm ci --silent --no-audit --no-fund >/dev/null 2>&1 || npm install --silent --no-audit --no-fund >/dev/null 2>&1) \
    || echo "install-clients: npm could not install tests/Interop/clients"
fi

# What the published samples bring along; compiling them ahead of time takes minutes, so that it is only done where asked for.
for how in trimmed ${PROTOBRIDGE_ALONE:+native}; do
  eng/aot.sh "$how" restore || echo "install-clients: $how samples cannot be published"
done
exit 0
