#!/bin/sh
# Runs a command as an ordinary user of another Debian, without a network and with our display.
#
#   in_root.sh ROOT COMMAND [ARGUMENTS]
#
# To be started by root. It becomes the command, which therefore has its number; what is mounted for
# it is seen by it alone and gone with it. AS_ROOT=1: as root there. WITH_NETWORK=1: with ours.
set -eu
root=$1
shift
if [ "${IN_ROOT-}" != "$root" ]; then
    [ -n "${WITH_NETWORK-}" ] || without_network=--net
    IN_ROOT=$root exec unshare --mount ${without_network-} "$0" "$root" "$@"
fi
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -t tmpfs tmpfs "$root/dev/shm"
mount --rbind /sys "$root/sys"
if [ -d /tmp/.X11-unix ]; then
    mkdir -p "$root/tmp/.X11-unix"
    mount --bind /tmp/.X11-unix "$root/tmp/.X11-unix"
fi
if [ -n "${AS_ROOT-}" ]; then
    user=0:0 home=/root
else
    user=1000:1000 home=/home/ada
fi
exec chroot --userspec="$user" "$root" /usr/bin/env -i HOME="$home" LANG=C.UTF-8 \
    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive \
    ${DISPLAY:+DISPLAY="$DISPLAY"} ${SOTTOVOCE_PASSPHRASE:+SOTTOVOCE_PASSPHRASE="$SOTTOVOCE_PASSPHRASE"} \
    "$@"
