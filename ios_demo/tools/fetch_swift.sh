#!/bin/sh
# Fetch Swift into a folder of the project, without touching the system and without root.
#
#     ios_demo/tools/fetch_swift.sh [FOLDER]      default: ios_demo/.swift, which git ignores
#
# Debian trixie's packages are downloaded by apt (which checks their signatures) with a state of its
# own, and unpacked into FOLDER/root; in_swift.sh runs commands there. About 600 MB are downloaded
# and 3 GB stay on the disk. Exit status 3 and a line that begins with SKIPPED: it cannot be had here.
set -eu

folder=${1:-$(dirname "$0")/../.swift}
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
mirror=${ACTNET_DEBIAN_MIRROR:-http://deb.debian.org/debian}
packages="swiftlang libc6-dev libstdc++-14-dev libsqlite3-dev base-files dash libc-bin coreutils tzdata"
needed_kib=5000000

skip() {
    echo "SKIPPED Swift: $1" >&2
    exit 3
}

[ -e "$folder/ready" ] && exit 0
[ "$(uname -sm)" = "Linux x86_64" ] || skip "only fetched for Linux on x86-64; elsewhere install Swift 6 and run 'swift test'"
command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || skip "needs apt-get and dpkg-deb (Debian, Ubuntu)"
[ -r "$keyring" ] || skip "needs $keyring (apt install debian-archive-keyring)"

mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
free_kib=$(df -Pk "$folder" | awk 'NR == 2 {print $4}')
[ "$free_kib" -ge "$needed_kib" ] || skip "needs $needed_kib KiB on the disk, $free_kib are free"

# One at a time; a run that was killed leaves a folder that the next one removes.
exec 9>"$folder/lock"
flock 9
[ -e "$folder/ready" ] && exit 0
rm -rf "$folder/root" "$folder/apt"
apt=$folder/apt
mkdir -p "$apt/etc/apt/apt.conf.d" "$apt/etc/apt/preferences.d" "$apt/var/lib/apt/lists/partial" \
    "$apt/var/lib/dpkg" "$apt/var/cache/apt/archives/partial"
: >"$apt/var/lib/dpkg/status"
echo "deb [signed-by=$keyring] $mirror trixie main" >"$apt/etc/apt/sources.list"
cat >"$apt/apt.conf" <<END
Dir "$apt/";
Dir::State::status "$apt/var/lib/dpkg/status";
Dir::Etc "etc/apt";
APT::Architecture "amd64";
APT::Architectures { "amd64"; };
APT::Install-Recommends "false";
APT::Sandbox::User "root";
Acquire::Languages "none";
END
export APT_CONFIG="$apt/apt.conf"

echo "fetching Swift from Debian trixie into $folder (about 600 MB, once)"
apt-get -qq update >"$folder/log" 2>&1 || skip "the package lists of $mirror cannot be fetched; see $folder/log"
# shellcheck disable=SC2086 # a list of words
apt-get -qq -y --download-only install $packages >>"$folder/log" 2>&1 ||
    skip "the packages cannot be fetched; see $folder/log"

mkdir "$folder/root"
for package in "$apt"/var/cache/apt/archives/*.deb; do
    dpkg-deb -x "$package" "$folder/root" || skip "$package cannot be unpacked"
    rm "$package"
done
mkdir -p "$folder/root/tmp" "$folder/root/proc" "$folder/root/dev"
rm -rf "$apt"
touch "$folder/ready"
