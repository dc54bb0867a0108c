// swift-tools-version: 6.1
import PackageDescription

// Every target of ours is compiled in the Swift 6 language mode with the stricter upcoming
// features on, and a warning ends the build.
let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  .unsafeFlags(["-warnings-as-errors"]),
]

let package = Package(
  name: "rotactl",
  products: [.executable(name: "rotactl", targets: ["rotactl"])],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
  ],
  targets: [
    .systemLibrary(
      name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
    .systemLibrary(
      name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
    // Not linked but loaded at its first use: see load.c.
    .target(name: "CArchive"),
    // Without pkgConfig, which would link it: it is opened only when a person is prompted.
    .systemLibrary(name: "CEdit", providers: [.apt(["libedit-dev"])]),

    .target(name: "RotationCore", swiftSettings: strict),
    .target(name: "JMESPath", dependencies: ["RotationCore"], swiftSettings: strict),
    .target(
      name: "OutputFormats",
      dependencies: ["RotationCore", .product(name: "Yams", package: "Yams")],
      swiftSettings: strict),
    .target(
      name: "AWSCommandLine",
      dependencies: [
        "RotationCore", "JMESPath", "OutputFormats", .product(name: "Yams", package: "Yams"),
      ],
      swiftSettings: strict),
    .target(name: "Cryptography", dependencies: ["COpenSSL"], swiftSettings: strict),
    .target(name: "LineEditing", dependencies: ["CEdit"], swiftSettings: strict),
    .target(name: "DurableFiles", swiftSettings: strict),
    .target(name: "Locking", swiftSettings: strict),
    .target(
      name: "SecretsManagerClient",
      dependencies: ["RotationCore", "Cryptography", "DurableFiles", "Locking", "CCurl"],
      swiftSettings: strict),
    .target(
      name: "RunEngine",
      dependencies: ["RotationCore", "Cryptography", "DurableFiles", "Locking"],
      swiftSettings: strict),
    .target(
      name: "EvidenceBundle",
      dependencies: ["RotationCore", "Cryptography", "DurableFiles", "CArchive"],
      resources: [.embedInCode("Schemas")], swiftSettings: strict),
    .target(
      name: "SecretsManagerSimulator",
      dependencies: [
        "RotationCore", "Cryptography", "Locking",
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
      ],
      swiftSettings: strict),
    .executableTarget(
      name: "rotactl",
      dependencies: [
        "RotationCore", "JMESPath", "OutputFormats", "AWSCommandLine", "Cryptography",
        "DurableFiles", "Locking", "LineEditing",
        "SecretsManagerClient", "RunEngine", "EvidenceBundle", "SecretsManagerSimulator",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: strict,
      // The static runtime would export 16,000 symbols that nobody loads us for, and every library
      // that is loaded with us would be looked up among them. The folder has the C++ library that
      // the runtime asks for link as an archive.
      linkerSettings: [
        .unsafeFlags(
          ["-L\(Context.packageDirectory)/.link", "-Xlinker", "--no-export-dynamic"],
          .when(configuration: .release))
      ]),

    .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: strict),
    .testTarget(
      name: "RotationCoreTests", dependencies: ["RotationCore", "Cryptography", "TestSupport"],
      swiftSettings: strict),
    .testTarget(
      name: "JMESPathTests", dependencies: ["JMESPath", "RotationCore"], swiftSettings: strict),
    .testTarget(
      name: "OutputFormatsTests",
      dependencies: ["OutputFormats", "RotationCore", "JMESPath", "TestSupport"],
      exclude: ["Fixtures"], swiftSettings: strict),
    .testTarget(
      name: "AWSCommandLineTests",
      dependencies: [
        "AWSCommandLine", "OutputFormats", "RotationCore", "JMESPath", "TestSupport",
      ],
      exclude: ["Fixtures"], swiftSettings: strict),
    .testTarget(
      name: "SecretsManagerClientTests",
      dependencies: [
        "SecretsManagerClient", "RotationCore", "Cryptography", "DurableFiles", "Locking",
        "TestSupport",
      ],
      exclude: ["Fixtures"], swiftSettings: strict),
    .testTarget(
      name: "SecretsManagerSimulatorTests",
      dependencies: ["SecretsManagerSimulator", "RotationCore", "Cryptography", "Locking"],
      swiftSettings: strict),
    .testTarget(
      name: "RunEngineTests",
      dependencies: [
        "RunEngine", "RotationCore", "DurableFiles", "Cryptography", "EvidenceBundle",
        "SecretsManagerSimulator", "TestSupport",
      ],
      swiftSettings: strict),
    .testTarget(
      name: "EvidenceBundleTests",
      dependencies: [
        "EvidenceBundle", "RotationCore", "Cryptography", "DurableFiles", "TestSupport",
      ],
      exclude: ["Fixtures"], swiftSettings: strict),
    .testTarget(
      name: "rotactlTests",
      dependencies: [
        "rotactl", "RotationCore", "EvidenceBundle", "Locking", "SecretsManagerClient", "RunEngine",
        "Cryptography", "DurableFiles", "TestSupport",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: strict),
    .target(
      name: "FuzzTargets",
      dependencies: [
        "RotationCore", "JMESPath", "Cryptography", "DurableFiles", "SecretsManagerClient",
        "RunEngine", "EvidenceBundle",
      ],
      path: "Tests/Fuzz/Targets", swiftSettings: strict),
    .testTarget(
      name: "FuzzTests", dependencies: ["FuzzTargets", "DurableFiles", "TestSupport"],
      path: "Tests/Fuzz/Tests", swiftSettings: strict),
    .testTarget(
      name: "EndToEndTests", dependencies: ["RotationCore", "Cryptography", "TestSupport"],
      exclude: ["Fixtures", "Servers"], swiftSettings: strict),
  ]
)

// Needs libFuzzer at the link, which only `Tests/Fuzz/fuzz` asks for.
if Context.environment["ROTACTL_FUZZ"] != nil {
  package.targets.append(
    .executableTarget(
      name: "drive", dependencies: ["FuzzTargets"], path: "Tests/Fuzz/Driver",
      swiftSettings: strict))
}
