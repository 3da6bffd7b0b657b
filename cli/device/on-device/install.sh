#!/bin/sh
# Makes this machine the Greengrass core device that this folder was provisioned for. Run it again whenever the folder has
# changed: it leaves alone what is as it should be, and restarts the nucleus only if something was not.
#
#   sudo sh install.sh classic|lite [--package FILE] [--offline] [--dry-run]
#
#   --package FILE  what to install the nucleus from, if it is not there yet: the .zip of the classic one, the .deb of lite
#   --offline       does not ask the endpoints before it begins
#   --dry-run       says what it would do, and changes nothing
#
# Exit code 0: done; 1: something is missing, nothing was changed; 2: wrong arguments.
set -eu

# Tests install below a folder of their own.
base=${KAIZEN_INSTALL_BASE:-}
here=$(cd "$(dirname "$0")" && pwd)
nucleus=''
package=''
offline=''
dry_run=''
changed=''

say() { printf '%s\n' "$*"; }
fail() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}
usage() {
  printf 'usage: sudo sh install.sh classic|lite [--package FILE] [--offline] [--dry-run]\n' >&2
  exit 2
}

# Runs a command, or says that it would.
run() {
  if [ -n "$dry_run" ]; then
    say "would run: $*"
  else
    "$@"
  fi
}

# put FILE DESTINATION MODE OWNER: whole or not at all, and never readable by others for a moment.
put() {
  if cmp -s "$here/$1" "$base$2" && [ "$(stat -c %a "$base$2")" = "$3" ]; then
    say "unchanged: $2"
  elif [ -n "$dry_run" ]; then
    say "would write: $2 (mode $3, $4)"
  else
    install -m 600 "$here/$1" "$base$2.new"
    chmod "$3" "$base$2.new"
    chown "$4" "$base$2.new"
    mv "$base$2.new" "$base$2"
    say "written: $2"
    changed=yes
  fi
}

# folder PATH MODE OWNER
folder() {
  if [ -d "$base$1" ] && [ "$(stat -c %a "$base$1")" = "$2" ]; then return; fi
  run mkdir -p "$base$1"
  run chmod "$2" "$base$1"
  run chown "$3" "$base$1"
}

read_arguments() {
  while [ $# -gt 0 ]; do
    case $1 in
      classic | lite) nucleus=$1 ;;
      --package)
        [ $# -gt 1 ] || usage
        package=$2
        shift
        ;;
      --offline) offline=--offline ;;
      --dry-run) dry_run=yes ;;
      *) usage ;;
    esac
    shift
  done
  [ -n "$nucleus" ] || usage
}

is_installed() {
  case $nucleus in
    classic) [ -e "$base/greengrass/v2/alts/current/distro/bin/loader" ] ;;
    lite) systemctl cat greengrass-lite.target >/dev/null 2>&1 ;;
  esac
}

# What can be known before anything is changed.
check() {
  [ -n "$dry_run" ] || [ "$(id -u)" = 0 ] || fail 'must run as root: sudo sh install.sh ...'
  command -v node >/dev/null ||
    fail 'node is missing: install Node.js 22 or 24 where services find it, such as /usr/bin (https://nodejs.org/en/download)'
  # shellcheck disable=SC2086 # no option is no argument
  if ! node "$here/check-device.cjs" --nucleus "$nucleus" --folder "$here" $offline; then
    [ -n "$dry_run" ] || fail 'this machine lacks something, see above; nothing was changed'
    say 'would stop here: this machine lacks something, see above'
  fi
  is_installed || check_package
}

check_package() {
  case $nucleus in
    classic)
      needed='.zip'
      source='https://d2s8p88vqu9w66.cloudfront.net/releases/greengrass-nucleus-latest.zip'
      ;;
    lite)
      needed='.deb'
      source='https://github.com/aws-greengrass/aws-greengrass-lite/releases'
      ;;
  esac
  [ -n "$package" ] || fail "the nucleus is not installed: get it from $source and give --package FILE$needed"
  [ -f "$package" ] || fail "--package: there is no file '$package'"
  case $package in
    *"$needed") ;;
    *) fail "--package: must be a $needed file for nucleus $nucleus, got '$package'" ;;
  esac
  [ "$nucleus" = lite ] || command -v unzip >/dev/null || fail 'unzip is missing: sudo apt-get install unzip'
}

# What only the device may read, what its components must read, and how its nucleus starts.
put_files() { # ROOT OWNER
  folder "$1/credentials" 700 "$2"
  put private-key.pem "$1/credentials/private-key.pem" 600 "$2"
  put certificate.pem "$1/credentials/certificate.pem" 644 "$2"
  put root-ca.pem "$1/credentials/root-ca.pem" 644 "$2"
  folder "$1/kaizen-edge" 755 root:root
  put trusted-keys.json "$1/kaizen-edge/trusted-keys.json" 644 root:root
}

# A system user without a home to log in to; there already is right too.
component_user() { # USER GROUP
  getent group "$2" >/dev/null || run groupadd --system "$2"
  id "$1" >/dev/null 2>&1 || run useradd --system --gid "$2" --shell /usr/sbin/nologin "$1"
}

install_classic() {
  component_user ggc_user ggc_group
  folder /greengrass 755 root:root
  folder /greengrass/v2 755 root:root
  put_files /greengrass/v2 root:root
  if is_installed; then
    [ -z "$changed" ] || run systemctl restart greengrass.service
    return
  fi
  unpacked=$(mktemp -d)
  trap 'rm -rf "$unpacked"' EXIT
  run unzip -q "$package" -d "$unpacked"
  run java -Droot="$base/greengrass/v2" -Dlog.store=FILE -jar "$unpacked/lib/Greengrass.jar" \
    --init-config "$here/nucleus-classic.yaml" --component-default-user ggc_user:ggc_group --setup-system-service true
}

install_lite() {
  # The package makes the users ggcore and gg_component.
  is_installed || run apt-get install -y "$(realpath "$package")"
  folder /var/lib/greengrass 755 ggcore:ggcore
  put_files /var/lib/greengrass ggcore:ggcore
  folder /etc/greengrass 755 root:root
  put nucleus-lite.yaml /etc/greengrass/config.yaml 644 root:root
  lite_component_user
  [ -z "$changed" ] || run systemctl restart greengrass-lite.target
  run systemctl start greengrass-lite.target
}

# The package's own file is read after ours and lets components run as the nucleus, who may read the private key.
lite_component_user() {
  of_package="$base/etc/greengrass/config.d/greengrass-lite.yaml"
  if grep -q 'posixUser: "ggcore:ggcore"' "$of_package" 2>/dev/null; then
    run sed -i 's/posixUser: "ggcore:ggcore"/posixUser: "gg_component:gg_component"/' "$of_package"
    changed=yes
  fi
}

read_arguments "$@"
check
"install_$nucleus"
[ -z "$dry_run" ] || exit 0
say "This machine is the core device that $here was made for. Its private key is in the nucleus's folder now: delete this one."
