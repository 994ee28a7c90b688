#!/usr/bin/env bash
# A stand-in phone: the real adbd with ARM64 programs under emulation, in namespaces of its own.
#
#     fake_phone.sh TOOLS STATE [MEGABYTES]
#
# adbd asks nobody for permission and listens on every interface: hence a network of its own, which
# nothing outside can reach. Storage is a file system of MEGABYTES at /mnt. STATE holds `ready` once
# it can be used, and `adb`, a command that speaks to it. Programs that only Android has (getprop,
# dumpsys) read files of STATE. It ends when its input ends.
set -euo pipefail
tools=$(cd "$1" && pwd)
state=$(cd "$2" && pwd)
megabytes=${3:-100}

if [ "${IN_NAMESPACE:-}" != yes ]; then
    export IN_NAMESPACE=yes
    exec unshare --user --map-root-user --mount --net "$0" "$tools" "$state" "$megabytes"
fi

ip link set lo up
mount -t tmpfs -o "size=${megabytes}m" tmpfs /mnt
mount -t binfmt_misc none /proc/sys/fs/binfmt_misc
printf '%s' ":arm64:M::\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00:\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff:$tools/bin/qemu-aarch64-static:F" \
    >/proc/sys/fs/binfmt_misc/register

# Programs see an ARM /proc/cpuinfo, and no library but what was pushed.
mkdir -p "$state/path" "$state/home" "$state/root/proc"
cp "$tools/sysroot/proc/cpuinfo" "$state/root/proc/"
printf '#!/bin/sh\nsed -n "s/^$1=//p" "%s/properties"\n' "$state" >"$state/path/getprop"
printf '#!/bin/sh\ncat "%s/dumpsys.$1"\n' "$state" >"$state/path/dumpsys"
printf '#!/bin/sh\nexec nsenter --target %s --user --net --preserve-credentials env %s "%s" "$@"\n' \
    $$ "HOME='$state/home' ANDROID_ADB_SERVER_PORT=5039" "$tools/bin/adb" >"$state/adb"
chmod +x "$state"/path/* "$state/adb"

export PATH=$state/path:$PATH QEMU_LD_PREFIX=$state/root QEMU_CPU=cortex-a76 HOME=$state/home
export ANDROID_ADB_SERVER_PORT=5039
ADBD_PORT=5599 "$tools/bin/adbd" >"$state/adbd.log" 2>&1 &
daemon=$!
# In the foreground: adb starts its server through /proc/self/exe, which is the loader here.
"$tools/bin/adb" -L tcp:5039 server nodaemon >"$state/server.log" 2>&1 &
server=$!
trap 'kill "$server" "$daemon" 2>/dev/null || true' EXIT
for _ in $(seq 50); do
    "$tools/bin/adb" connect 127.0.0.1:5599 2>/dev/null | grep -q '^connected' && break
    sleep 0.1
done
"$tools/bin/adb" -s 127.0.0.1:5599 shell true
echo "$daemon" >"$state/ready"
cat >/dev/null
