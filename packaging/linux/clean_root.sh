#!/bin/sh
# Installs a .deb in a Debian that has nothing else, and tells the story of tests/frozen there.
#
#   clean_root.sh PACKAGE [OLDER-PACKAGE]
#
# To be started by root, with debootstrap, unshare, strace, xvfb and xdotool. OLDER-PACKAGE is
# installed first, used, and then upgraded to PACKAGE. ROOT names a folder to work in, which keeps the minimal
# system for the next time; RELEASE and MIRROR say which one it is.
set -eu
package=$(realpath -- "$1")
older=${2:+$(realpath -- "$2")}
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
release=${RELEASE:-bookworm}
work=${ROOT:-$(mktemp -d)}
minimal=$work/$release root=$work/clean
mirror=${MIRROR:-http://deb.debian.org/debian}

[ -e "$minimal/usr/bin/apt-get" ] || debootstrap --variant=minbase "$release" "$minimal" "$mirror"
rm -rf -- "$root"
cp -a -- "$minimal" "$root"
[ ! -d /etc/apt/apt.conf.d ] || cp -r -- /etc/apt/apt.conf.d/. "$root/etc/apt/apt.conf.d/"
cp -- /etc/resolv.conf "$root/etc/"
in_root() {
    AS_ROOT=1 "$here/in_root.sh" "$root" "$@"
}
in_root useradd --create-home --uid 1000 ada
stay_clean() {
    for tool in python3 gcc cc qmake; do
        ! in_root sh -c "command -v $tool" || { echo "It is not clean: it has $tool." >&2; exit 1; }
    done
    [ -z "$(find "$root/usr" -name 'libQt*' -not -path '*/lib/sottovoce/*')" ] ||
        { echo "It is not clean: it has libraries of Qt." >&2; exit 1; }
}
stay_clean

# First what it depends on comes through the network; then it is installed without one.
install_package() {
    cp -- "$1" "$root/tmp/sottovoce.deb"
    WITH_NETWORK=1 in_root apt-get install -qq --yes --no-install-recommends --download-only \
        /tmp/sottovoce.deb
    in_root sh -c 'dpkg --install $(find /var/cache/apt/archives -name "*.deb") /tmp/sottovoce.deb'
    in_root apt-get clean
}
in_root apt-get clean
WITH_NETWORK=1 in_root apt-get update -qq
install_package "${older:-$package}"
stay_clean
cp -- "$package" "$root/srv/newer.deb"

# First the upgrade: the other stories are told to the package it is about.
cd "$here/../.."
SOTTOVOCE_ROOT=$root exec "${PYTHON:-.venv/bin/python}" -m pytest -n0 -m frozen \
    tests/frozen/test_upgrade_and_removal.py tests/frozen/test_frozen_*.py
