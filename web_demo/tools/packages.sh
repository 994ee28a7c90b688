#!/usr/bin/env bash
# Install what package-lock.json lists, where that has not been done.
set -euo pipefail
cd "$(dirname "$0")/.."
[ node_modules/.ready -nt package-lock.json ] || {
    npm ci --no-fund --no-audit --loglevel=error
    touch node_modules/.ready
}
