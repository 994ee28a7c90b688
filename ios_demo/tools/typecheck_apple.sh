#!/bin/sh
# Type-check what Linux leaves out (behind canImport) against the hand-written modules in Shims/.
#
#     ios_demo/tools/in_swift.sh tools/typecheck_apple.sh
#
# It proves that those sources are Swift 6 without data races and agree with Shims/, no more.
set -eu
out=.build/shims
mkdir -p "$out"
for name in CoreVideo CoreML Accelerate CryptoKit; do
    swiftc -swift-version 6 -parse-as-library -I "$out" -emit-module -module-name "$name" "Shims/$name.swift" \
        -o "$out/$name.swiftmodule"
done
swiftc -swift-version 6 -parse-as-library -warnings-as-errors -I "$out" -I Sources/CSQLite -emit-module \
    -module-name ActnetCore Sources/ActnetCore/*.swift -o "$out/ActnetCore.swiftmodule"
swiftc -swift-version 6 -parse-as-library -warnings-as-errors -I "$out" -I Sources/CSQLite -typecheck \
    -module-name ActnetCoreML Sources/ActnetCoreML/*.swift
echo "type-checked against Shims/: $(ls Sources/ActnetCoreML/*.swift | wc -l) files of ActnetCoreML, and ActnetCore"
