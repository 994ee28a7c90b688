// swift-tools-version: 6.0
// Tools 6.0 means Swift 6: data races are compile errors.
import PackageDescription

// The folder of libLiteRt.so, for Linux: tools/test.sh takes it from PyPI's ai-edge-litert.
let litert = Context.environment["ACTNET_LITERT"] ?? "/usr/lib"
let onLinux = BuildSettingCondition.when(platforms: [.linux])

let package = Package(
    name: "ActnetDemo",
    platforms: [.iOS(.v16), .macOS(.v13)],
    products: [
        // For one's own app: Sources/Actnet/README.md.
        .library(name: "Actnet", targets: ["Actnet"]),
        .library(name: "ActnetPhone", targets: ["ActnetPhone"]),
        .executable(name: "actnet-demo", targets: ["ActnetCLI"]),
    ],
    targets: [
        .systemLibrary(name: "CSQLite"),
        .target(
            name: "ActnetCore",
            dependencies: [
                .target(name: "CSQLite", condition: .when(platforms: [.linux])),
                "CActnetVerification",
            ]
        ),
        // Links to the C code that the Android demo uses too; see the headers.
        .target(
            name: "CActnetVerification", linkerSettings: [.linkedLibrary("m", onLinux)]),
        .target(
            name: "CActnetEngine",
            dependencies: ["CActnetVerification"],
            linkerSettings: [
                .linkedLibrary("LiteRt", onLinux),
                .unsafeFlags(["-L\(litert)", "-Xlinker", "-rpath", "-Xlinker", litert], onLinux),
            ]
        ),
        .target(
            name: "ActnetLiteRt",
            dependencies: [
                "ActnetCore",
                .target(name: "CActnetEngine", condition: .when(platforms: [.linux])),
                .target(name: "CActnetVerification", condition: .when(platforms: [.linux])),
            ]
        ),
        .target(name: "ActnetCoreML", dependencies: ["ActnetCore"]),
        .target(
            name: "Actnet", dependencies: ["ActnetCore", "ActnetCoreML"], exclude: ["README.md"]),
        .target(name: "ActnetSample", dependencies: ["Actnet"], path: "Samples"),
        .target(name: "ActnetApp", dependencies: ["Actnet"]),
        .target(name: "ActnetPhone", dependencies: ["Actnet", "ActnetApp"]),
        .executableTarget(name: "ActnetCLI", dependencies: ["ActnetCore", "ActnetLiteRt"]),
        .testTarget(name: "ActnetCoreTests", dependencies: ["ActnetCore"]),
        .testTarget(name: "ActnetCoreMLTests", dependencies: ["ActnetCore", "ActnetCoreML"]),
        .testTarget(
            name: "ActnetLiteRtTests", dependencies: ["ActnetCore", "ActnetLiteRt", "ActnetApp"]),
        .testTarget(
            name: "ActnetAppTests", dependencies: ["Actnet", "ActnetApp", "ActnetSample"]),
    ]
)
