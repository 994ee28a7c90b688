#!/usr/bin/env bash
# Compile the shared engine to WebAssembly: clang and lld of Debian, wasi-libc for memory and mathematics.
#
#     build.sh FILE.wasm
#
# The module imports nothing. WASM_CLANG names another clang.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
engine=$here/../../android_demo/native
clang=${WASM_CLANG:-clang}
objects=$(mktemp -d)
trap 'rm -rf "$objects"' EXIT

# compile SOURCE FLAGS...: one object.
compile() {
    local source=$1
    shift
    "$clang" --target=wasm32-wasi -std=gnu11 -O3 -mbulk-memory -Wall -Wextra -Werror -ffp-contract=off \
        -I"$engine" "$@" -c "$source" -o "$objects/$(basename "$source" .c).o"
}

compile "$here/actnet_web.c" -msimd128
for name in verification homography codes extraction extrema gradients grey planes sift; do
    compile "$engine/actnet_$name.c" -msimd128
done
# Counting the bits of one code after another is faster than what the compiler makes of it with SIMD.
compile "$engine/actnet_matching.c"
# Linked without -O, so that clang does not call a wasm-opt that happens to be there.
"$clang" --target=wasm32-wasi -mexec-model=reactor "$objects"/*.o -Wl,--strip-all -Wl,-z,stack-size=262144 -o "$1"
