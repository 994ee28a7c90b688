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
export ACTNET_DECODED=/work/ios_demo/.build/decoded

status=0
ios_demo/tools/fetch_swift.sh || status=$?
if [ "$status" = 3 ]; then
    echo "ios_demo: 1 SKIPPED"
    exit 0
fi
[ "$status" = 0 ] || exit "$status"

PYTHONPATH=android_demo/tools "$python" -c "
from pathlib import Path
from decode_golden import decode_golden
decode_golden(Path('tests/golden/preprocessing'), Path('ios_demo/.build/decoded'))"
$in_swift swift format lint --strict --recursive Package.swift Sources Tests
# In two steps: 'swift test' of 6.0.3 sometimes fails to build what 'swift build' builds.
$in_swift swift build --build-tests
$in_swift swift test --skip-build
echo "ios_demo: 0 SKIPPED"
