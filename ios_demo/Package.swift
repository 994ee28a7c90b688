// swift-tools-version: 6.0
// Tools 6.0 means Swift 6: data races are compile errors.
import PackageDescription

let package = Package(
    name: "ActnetDemo",
    platforms: [.iOS(.v16), .macOS(.v13)],
    products: [
        .library(name: "ActnetCore", targets: ["ActnetCore"])
    ],
    targets: [
        .systemLibrary(name: "CSQLite"),
        .target(
            name: "ActnetCore",
            dependencies: [.target(name: "CSQLite", condition: .when(platforms: [.linux]))]
        ),
        .testTarget(name: "ActnetCoreTests", dependencies: ["ActnetCore"]),
    ]
)
