#!/usr/bin/env bash
# Fill a folder with what ARM64 under emulation and a stand-in phone need; nothing is installed.
#
#     setup_arm64.sh FOLDER PYTHON
#
# ../tools/debian.py downloads Debian's packages and unpacks them below FOLDER: from bookworm a
# cross-compiler and qemu-user 7.2 (later ones are static and take no plug-ins), from trixie adb and
# adbd. LiteRT for ARM64 comes from PyPI by way of PYTHON's pip. What is made:
#
#     bin/qemu-aarch64 bin/adb bin/adbd   run from their folder, with their own libraries
#     bin/qemu-aarch64-static             for binfmt_misc
#     actnet_bench, verify_pairs, count_instructions.so
#     phone/                              what is pushed beside the program: LiteRT and the C library
#     sysroot/                            qemu's root: the same libraries, an ARM /proc/cpuinfo
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
folder=$(mkdir -p "$1" && cd "$1" && pwd)
python=$2

stop() { echo "setup_arm64: $*" >&2; exit 1; }

[ "$(uname -m)" = x86_64 ] || stop "needs an x86-64 machine, this is $(uname -m)"
compiler=$(command -v gcc || command -v cc) || stop "needs a C compiler (package gcc)"

# fetch SUITE PACKAGE...: packages with all that they need, into FOLDER/SUITE.
fetch() { "$python" "$here/../tools/debian.py" "$1" "$folder/$1" "${@:2}"; }

# wrapper NAME SUITE PROGRAM: run a program of FOLDER/SUITE with the libraries that it came with.
wrapper() {
    local root=$folder/$2 libraries
    libraries=$(find "$root" -name ld-linux-x86-64.so.2 -type f -printf '%h\n' | head -1)
    printf '#!/bin/sh\nexec %s --library-path %s %s "$@"\n' "'$libraries/ld-linux-x86-64.so.2'" \
        "'$libraries:$root/usr/lib/x86_64-linux-gnu:$root/usr/lib/x86_64-linux-gnu/android'" \
        "'$root/$3'" >"$folder/bin/$1"
    chmod +x "$folder/bin/$1"
}

rm -rf "$folder"/{bookworm,trixie,bin,phone,sysroot,wheel,.ready}
mkdir -p "$folder"/{bin,phone,wheel,sysroot/lib,sysroot/proc}
fetch bookworm qemu-user qemu-user-static gcc-aarch64-linux-gnu libc6-dev-arm64-cross \
    linux-libc-dev-arm64-cross
fetch trixie adb adbd
# Emulators of thirty other architectures.
find "$folder/bookworm/usr/bin" -name 'qemu-*' ! -name 'qemu-aarch64*' -delete
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

# compile_arm64 WORDS...: a program for ARM64.
compile_arm64() {
    LD_LIBRARY_PATH=$folder/bookworm/usr/lib/x86_64-linux-gnu \
        "$folder/bookworm/usr/bin/aarch64-linux-gnu-gcc-12" --sysroot="$folder/bookworm" \
        -isystem "$arm/include" -B"$arm/lib" -L"$arm/lib" -std=gnu11 -O2 -Wall -Wextra -Werror "$@"
}

compile_arm64 "$here/actnet_bench.c" "$here/actnet_engine.c" -o "$folder/actnet_bench" \
    -L"$folder/phone" -lLiteRt -lm -Wl,--allow-shlib-undefined
compile_arm64 "$here"/{verify_pairs,actnet_verification,actnet_matching,actnet_homography}.c -o "$folder/verify_pairs"
compile_arm64 "$here"/{extract_features,actnet_extraction,actnet_codes,actnet_grey,actnet_planes,actnet_sift,actnet_extrema,actnet_gradients}.c \
    -o "$folder/extract_features" -lm
"$compiler" -std=gnu11 -O2 -Wall -Wextra -Werror -shared -fPIC -fvisibility=hidden \
    "$here/count_instructions.c" -o "$folder/count_instructions.so"
rm -rf "$folder/bookworm"/usr/{bin/aarch64*,lib/gcc-cross,aarch64-linux-gnu,share}
touch "$folder/.ready"
