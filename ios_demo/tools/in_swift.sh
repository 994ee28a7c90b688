#!/bin/sh
# Run a command in the folder that fetch_swift.sh filled.
#
#     ios_demo/tools/in_swift.sh swift test
#
# The checkout is /work there, the command starts in /work/ios_demo. Mounts live in a namespace of
# their own and end with the command; where this is not root, user namespaces must be allowed.
# ACTNET_BIND may name one more folder, which is seen under its own path.
set -eu

tools=$(cd "$(dirname "$0")" && pwd)
swift=${ACTNET_SWIFT:-$tools/../.swift}
checkout=$(cd "$tools/../.." && pwd)
[ -e "$swift/ready" ] || {
    echo "no Swift in $swift; run ios_demo/tools/fetch_swift.sh" >&2
    exit 3
}
root=$(cd "$swift/root" && pwd)
export ACTNET_DECODED="${ACTNET_DECODED:-}"
user=
[ "$(id -u)" = 0 ] || user="--user --map-root-user"

# shellcheck disable=SC2086 # no word at all where this is root
exec unshare $user --mount --pid --fork --kill-child -- sh -c '
    set -eu
    root=$1 checkout=$2 bind=$3
    shift 3
    mount --rbind /proc "$root/proc"
    mount --rbind /dev "$root/dev"
    mount --bind "$checkout" "$root/work"
    if [ -n "$bind" ]; then
        mkdir -p "$root$bind"
        mount --rbind "$bind" "$root$bind"
    fi
    exec chroot "$root" /usr/bin/env -i HOME=/tmp LANG=C.UTF-8 SWIFT_BACKTRACE=enable=no \
        PATH=/usr/libexec/swift/bin:/usr/bin:/usr/sbin ACTNET_DECODED="$ACTNET_DECODED" \
        sh -c "cd /work/ios_demo && exec \"\$@\"" sh "$@"
' sh "$root" "$checkout" "${ACTNET_BIND:-}" "$@"
