# SPDX-License-Identifier: MIT
#
# need_packages <package>...: installs what is missing from the distribution's packages. To be sourced.
# Says what it does on standard error, and nothing if there is nothing to do.

need_packages() {
  local missing=() package
  for package in "$@"; do
    dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed ||
      missing+=("$package")
  done
  [ "${#missing[@]}" -eq 0 ] && return 0
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || {
      echo "please install, as root: ${missing[*]}" >&2
      return 1
    }
    as_root=(sudo)
  fi
  echo "installing: ${missing[*]}" >&2
  "${as_root[@]}" apt-get update -qq >&2 &&
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
      apt-get install -y -qq --no-install-recommends "${missing[@]}" >&2
}

# What the library, its adapters and its examples are built with.
build_packages=(g++ cmake ninja-build pkg-config nlohmann-json3-dev libhowardhinnant-date-dev
  libsqlitecpp-dev libsqlite3-dev libcpp-httplib-dev libssl-dev)

# What the storages that hosts share are built with, and the servers that their tests start.
server_packages=(libpq-dev postgresql pgbouncer libhiredis-dev redis-server)

# What the page is tested with. A Node.js from elsewhere brings its npm along, which the
# distribution's would not get along with.
browser_packages=(chromium)
command -v node >/dev/null || browser_packages+=(nodejs)
command -v npm >/dev/null || browser_packages+=(npm)
