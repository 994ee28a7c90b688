#!/usr/bin/env bash
# Fill a folder with what ARM64 under emulation and a stand-in phone need; nothing is installed.
#
#     setup_arm64.sh FOLDER PYTHON
#
# Debian's packages are downloaded through apt folders of our own and unpacked below FOLDER:
# from bookworm a cross-compiler and qemu-user 7.2 (later ones are static and take no plug-ins),
# from trixie adb and adbd. LiteRT for ARM64 comes from PyPI by way of PYTHON's pip. What is made:
#
#     bin/qemu-aarch64 bin/adb bin/adbd   run from their folder, with their own libraries
#     bin/qemu-aarch64-static             for binfmt_misc
#     actnet_bench, count_instructions.so
#     phone/                              what is pushed beside the program: LiteRT and the C library
#     sysroot/                            qemu's root: the same libraries, an ARM /proc/cpuinfo
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
folder=$(mkdir -p "$1" && cd "$1" && pwd)
python=$2
mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

stop() { echo "setup_arm64: $*" >&2; exit 1; }

command -v apt-get dpkg-deb >/dev/null || stop "needs apt-get and dpkg-deb (Debian or Ubuntu)"
[ -e "$keyring" ] || stop "needs the package debian-archive-keyring"
[ "$(uname -m)" = x86_64 ] || stop "needs an x86-64 machine, this is $(uname -m)"
compiler=$(command -v gcc || command -v cc) || stop "needs a C compiler (package gcc)"

# fetch SUITE PACKAGE...: download packages with all that they need into FOLDER/apt/SUITE.
fetch() {
    local suite=$1 root=$folder/apt/$1
    shift
    mkdir -p "$root"/etc/apt/{apt.conf.d,preferences.d} "$root"/var/lib/apt/lists/partial \
        "$root"/var/lib/dpkg "$root"/var/cache/apt/archives/partial
    : >"$root/var/lib/dpkg/status"
    echo "deb [signed-by=$keyring] $mirror $suite main" >"$root/etc/apt/sources.list"
    cat >"$root/apt.conf" <<END
Dir "$root";
Dir::State::status "$root/var/lib/dpkg/status";
APT::Architecture "amd64";
APT::Architectures { "amd64"; };
APT::Install-Recommends "false";
APT::Sandbox::User "root";
Acquire::Retries "3";
Acquire::http::Timeout "20";
END
    APT_CONFIG=$root/apt.conf apt-get -qq update
    APT_CONFIG=$root/apt.conf apt-get -qq -y install --download-only "$@"
}

# unpack SUITE: qemu's packages hold an emulator for each of thirty architectures; one is enough.
unpack() {
    local archive
    mkdir -p "$folder/$1"
    for archive in "$folder/apt/$1"/var/cache/apt/archives/*.deb; do
        case $archive in
        */qemu-user_* | */qemu-user-static_*)
            dpkg-deb --fsys-tarfile "$archive" |
                tar -x -C "$folder/$1" --wildcards './usr/bin/qemu-aarch64*' ;;
        *) dpkg-deb -x "$archive" "$folder/$1" ;;
        esac
    done
}

# wrapper NAME SUITE PROGRAM: run a program of FOLDER/SUITE with the libraries that it came with.
wrapper() {
    local root=$folder/$2 libraries
    libraries=$(find "$root" -name ld-linux-x86-64.so.2 -type f -printf '%h\n' | head -1)
    printf '#!/bin/sh\nexec %s --library-path %s %s "$@"\n' "'$libraries/ld-linux-x86-64.so.2'" \
        "'$libraries:$root/usr/lib/x86_64-linux-gnu:$root/usr/lib/x86_64-linux-gnu/android'" \
        "'$root/$3'" >"$folder/bin/$1"
    chmod +x "$folder/bin/$1"
}

rm -rf "$folder"/{apt,bookworm,trixie,bin,phone,sysroot,wheel,.ready}
mkdir -p "$folder"/{bin,phone,wheel,sysroot/lib,sysroot/proc}
fetch bookworm qemu-user qemu-user-static gcc-aarch64-linux-gnu libc6-dev-arm64-cross \
    linux-libc-dev-arm64-cross
fetch trixie adb adbd
unpack bookworm
unpack trixie
rm -rf "$folder/apt"
wrapper qemu-aarch64 bookworm usr/bin/qemu-aarch64
wrapper adb trixie usr/lib/android-sdk/platform-tools/adb
wrapper adbd trixie usr/lib/android-sdk/platform-tools/adbd
mv "$folder/bookworm/usr/bin/qemu-aarch64-static" "$folder/bin/"

version=$(sed -n 's/^ai-edge-litert==//p' "$here/../../constraints.txt")
"$python" -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: \
    --platform manylinux_2_27_aarch64 --platform manylinux_2_28_aarch64 \
    --dest "$folder/wheel" "ai-edge-litert==$version"
"$python" -m zipfile -e "$folder"/wheel/*.whl "$folder/wheel"
cp "$folder/wheel/ai_edge_litert/libLiteRt.so" "$folder/phone/"
rm -rf "$folder/wheel"
arm=$folder/bookworm/usr/aarch64-linux-gnu
for name in ld-linux-aarch64.so.1 libc.so.6 libm.so.6 libstdc++.so.6 libgcc_s.so.1; do
    cp -L "$arm/lib/$name" "$folder/phone/$name"
done
cp "$folder"/phone/* "$folder/sysroot/lib/"
# LiteRT's CPU detection stops where /proc/cpuinfo speaks of x86.
printf 'processor\t: 0\nFeatures\t: fp asimd aes crc32 atomics fphp asimdhp asimddp\nCPU implementer\t: 0x41\nCPU part\t: 0xd0b\n' \
    >"$folder/sysroot/proc/cpuinfo"

LD_LIBRARY_PATH=$folder/bookworm/usr/lib/x86_64-linux-gnu \
    "$folder/bookworm/usr/bin/aarch64-linux-gnu-gcc-12" --sysroot="$folder/bookworm" \
    -isystem "$arm/include" -B"$arm/lib" -L"$arm/lib" -std=gnu11 -O2 -Wall -Wextra -Werror \
    "$here/actnet_bench.c" "$here/actnet_engine.c" -o "$folder/actnet_bench" \
    -L"$folder/phone" -lLiteRt -lm -Wl,--allow-shlib-undefined
"$compiler" -std=gnu11 -O2 -Wall -Wextra -Werror -shared -fPIC -fvisibility=hidden \
    "$here/count_instructions.c" -o "$folder/count_instructions.so"
rm -rf "$folder/bookworm"/usr/{bin/aarch64*,lib/gcc-cross,aarch64-linux-gnu,share}
touch "$folder/.ready"
