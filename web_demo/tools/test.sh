#!/usr/bin/env bash
# Test the web demo: types, units, that the shipped page is what its source gives, and the page in Chromium.
#
#     test.sh PYTHON
#
# Needs Node 20 or newer with npm, and Chromium (CHROMIUM names another); without them all is skipped, and told.
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
python=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
cd "$here"

skip() {
    echo "SKIPPED: tests of the web demo: $1" >&2
    exit 0
}
command -v node >/dev/null && command -v npm >/dev/null || skip "no Node and npm; in Debian: apt-get install nodejs npm"
node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' || skip "Node $(node --version) is older than 20"
tools/packages.sh || skip "npm cannot install what package-lock.json lists; the reason is above"

npm run --silent check
tools/engine.sh
npm test --silent

# What users get is in the repository; it must be what these sources give.
fresh=build/page shipped=build/shipped
rm -rf "$fresh" "$shipped"
npm run --silent build >/dev/null
"$python" -c "from pathlib import Path; from mobile_actnet.web.shipped_page import copy_page; copy_page(Path('$shipped'))"
# Another clang gives other bytes; the units above held its engine to the golden files.
[[ "$(clang --version 2>/dev/null | head -1)" == *" 14."* ]] || {
    echo "SKIPPED: comparing actnet.wasm with the shipped one, which clang 14 made" >&2
    cp "$shipped/engine/actnet.wasm" "$fresh/engine/"
}
changed=$(diff -rq "$fresh" "$shipped" || true)
if [ -n "$changed" ]; then
    echo "$changed" >&2
    [[ "$changed" != *"/actnet.wasm "* ]] ||
        echo "mobile_actnet/web/page has an engine that was compiled before the C code last changed" \
            "(android_demo/native or web_demo/native)." >&2
    [ "$(grep -vc "/actnet.wasm " <<<"$changed")" = 0 ] ||
        echo "mobile_actnet/web/page was built before web_demo/ last changed." >&2
    echo "Run make web, and commit mobile_actnet/web/page with your change." >&2
    exit 1
fi

browser=${CHROMIUM:-$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)}
[ -n "$browser" ] || skip "no Chromium for the page itself; in Debian: apt-get install chromium"
rm -rf build/e2e
"$python" tests/e2e/make_fixture.py build/e2e
CHROMIUM=$browser ACTNET_PYTHON=$python npx vitest run -c vitest.e2e.config.ts
