#!/bin/sh
# Build and test the iOS demo as far as Linux can: what `make test-ios` runs.
#
#     ios_demo/tools/test.sh PYTHON       the Python of the checkout, for the golden pictures
#
# What cannot be done is told in a line that begins with SKIPPED, and counted in the last line.
set -eu
cd "$(dirname "$0")/../.."
python=$1
in_swift=ios_demo/tools/in_swift.sh

# Debian's swiftc 6.0.3 sometimes ends in libdispatch on a busy machine; a second run goes on there.
build() {
    $in_swift swift build "$@" || $in_swift swift build "$@" || $in_swift swift build "$@"
}
# What is tested is the optimised code, once built for tests and program.
optimised="-c release -Xswiftc -enable-testing"

status=0
ios_demo/tools/fetch_swift.sh || status=$?
if [ "$status" = 3 ]; then
    echo "ios_demo: 1 SKIPPED"
    exit 0
fi
[ "$status" = 0 ] || exit "$status"

# The folders that in_swift.sh names to the tests.
PYTHONPATH=app_tools "$python" -c "
from pathlib import Path
from decode_golden import decode_golden
decode_golden(Path('tests/golden/preprocessing'), Path('ios_demo/.build/decoded'))"
mkdir -p ios_demo/.build/litert
cp "$("$python" -c 'import importlib.util as u; print(u.find_spec("ai_edge_litert").submodule_search_locations[0])')/libLiteRt.so" \
    ios_demo/.build/litert/
# Anew: an earlier export may be of other weights.
"$python" -m mobile_actnet.cli.export --format tflite --overwrite -o ios_demo/.build/models
$in_swift swift format lint --strict --recursive Package.swift Sources Tests Shims App
"$python" ios_demo/tools/project_check.py
$in_swift tools/typecheck_apple.sh
# shellcheck disable=SC2086 # a list of words
build $optimised --build-tests
rm -f ios_demo/.build/report.json
# By itself, as `swift test` sometimes ends before it starts the tests, like swiftc.
$in_swift .build/release/ActnetDemoPackageTests.xctest
"$python" app_tools/bench_report.py ios_demo/.build/report.json
"$python" ios_demo/tools/program_check.py ios_demo/.build/models
"$python" ios_demo/tools/swift_parity.py ios_demo/.build/models
echo "ios_demo: 0 SKIPPED"
