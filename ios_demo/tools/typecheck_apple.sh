#!/bin/sh
# Type-check what Linux leaves out (behind canImport) against the hand-written modules in Shims/.
#
#     ios_demo/tools/in_swift.sh tools/typecheck_apple.sh
#
# It proves that those sources are Swift 6 without data races and agree with Shims/, no more.
set -eu
out=.build/shims
rm -rf "$out"
mkdir -p "$out"
compile() {
    swiftc -swift-version 6 -parse-as-library -I "$out" -I Sources/CSQLite \
        -I Sources/CActnetVerification/include "$@"
}
# In the order of what they import.
for name in CoreVideo CoreML Accelerate CryptoKit CoreGraphics ImageIO AVFoundation UIKit SwiftUI \
    UniformTypeIdentifiers CoreTransferable PhotosUI CoreMotion; do
    compile -emit-module -module-name "$name" "Shims/$name.swift" -o "$out/$name.swiftmodule"
done
for name in ActnetCore ActnetCoreML Actnet ActnetApp ActnetPhone; do
    # A module alone is made without a look into its functions.
    compile -warnings-as-errors -typecheck -module-name "$name" Sources/"$name"/*.swift
    compile -emit-module -module-name "$name" Sources/"$name"/*.swift -o "$out/$name.swiftmodule"
done
compile -warnings-as-errors -typecheck -module-name ActnetDemo App/ActnetDemo/*.swift
compile -warnings-as-errors -typecheck -module-name ActnetSample Samples/*.swift
echo "type-checked against Shims/: ActnetCore, Actnet, its sample, ActnetApp and" \
    "$(ls Sources/ActnetCoreML/*.swift Sources/ActnetPhone/*.swift App/ActnetDemo/*.swift | wc -l)" \
    "files of ActnetCoreML, ActnetPhone and the app"
