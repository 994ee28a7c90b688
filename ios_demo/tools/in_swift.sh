#!/bin/sh
# Run a command in the folder that fetch_swift.sh filled.
#
#     ios_demo/tools/in_swift.sh swift test
#
# The checkout is /checkout there, the command starts in /checkout/ios_demo. Mounts live in a namespace of
# their own and end with the command; where this is not root, user namespaces must be allowed.
set -eu

tools=$(cd "$(dirname "$0")" && pwd)
swift=${ACTNET_SWIFT:-$tools/../.swift}
checkout=$(cd "$tools/../.." && pwd)
[ -e "$swift/ready" ] || {
    echo "no Swift in $swift; run ios_demo/tools/fetch_swift.sh" >&2
    exit 3
}
root=$(cd "$swift/root" && pwd)
mkdir -p "$root/checkout"
user=
[ "$(id -u)" = 0 ] || user="--user --map-root-user"

# shellcheck disable=SC2086 # no word at all where this is root
exec unshare $user --mount --pid --fork --kill-child -- sh -c '
    set -eu
    root=$1 checkout=$2
    shift 2
    mount --rbind /proc "$root/proc"
    mount --rbind /dev "$root/dev"
    mount --bind "$checkout" "$root/checkout"
    exec chroot "$root" /usr/bin/env -i HOME=/tmp LANG=C.UTF-8 SWIFT_BACKTRACE=enable=no \
        PATH=/usr/libexec/swift/bin:/usr/bin:/usr/sbin \
        ACTNET_DECODED=/checkout/ios_demo/.build/decoded ACTNET_MODELS=/checkout/ios_demo/.build/models \
        ACTNET_LITERT=/checkout/ios_demo/.build/litert ACTNET_REPORT=/checkout/ios_demo/.build/report.json \
        sh -c "cd /checkout/ios_demo && exec \"\$@\"" sh "$@"
' sh "$root" "$checkout" "$@"
