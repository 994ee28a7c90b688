#!/usr/bin/env bash
# Put the engines where the build takes them from: LiteRT and SQLite from npm, ours compiled.
#
# Without clang, lld and wasi-libc the module that is shipped in mobile_actnet/web/page is taken as it is.
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
engine=$here/public/engine
shipped=$here/../mobile_actnet/web/page/engine/actnet.wasm

mkdir -p "$engine"
for name in litert_wasm_internal litert_wasm_compat_internal; do
    install -m 644 "$here/node_modules/@litertjs/core/wasm/$name".{js,wasm} "$engine"
done
install -m 644 "$here/node_modules/@sqlite.org/sqlite-wasm/dist/sqlite3.wasm" "$engine"

if command -v "${WASM_CLANG:-clang}" >/dev/null && command -v wasm-ld >/dev/null && [ -e /usr/lib/wasm32-wasi/libc.a ]; then
    "$here/native/build.sh" "$engine/actnet.wasm"
    chmod 644 "$engine/actnet.wasm"
else
    echo "SKIPPED: compiling actnet.wasm; it needs clang, lld, wasi-libc and libclang-rt-14-dev-wasm32 of Debian" >&2
    install -m 644 "$shipped" "$engine"
fi
