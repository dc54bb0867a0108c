import Foundation
import RotationCore
import TestSupport
import Testing

/// What README promises, done as README says it, and judged with tools that are not ours.
@Suite(.enabled(if: Program.rotactl != nil, "needs the built binary: set ROTACTL_BINARY"))
struct DrillTests {
  private func drill(
    _ arguments: [String], in folder: TemporaryDirectory
  ) async throws -> Program.Result {
    try await #require(Program.rotactl).run(
      ["drill", "--reports", folder.path, "--run-id", "d"] + arguments,
      environment: Program.environment(home: folder.path))
  }

  private func tool(
    _ name: String, _ arguments: [String], in path: String
  ) async throws -> Program.Result {
    try await #require(Program.foreign(name)).run(
      arguments, environment: Program.environment(home: path), folder: path)
  }

  @Test(
    arguments: [
      "example.csv", "example.json", "example-array.json", "example.jsonl", "example.txt",
      "list-secrets.json",
    ])
  func `each documented manifest drills to the end`(name: String) async throws {
    let folder = try TemporaryDirectory()
    let result = try await drill(["manifests/" + name], in: folder)
    #expect(result.status == 0, "\(result.error)\(result.output)")
    #expect(result.output.contains("ALL OFF"))
  }

  @Test func `selectors without secrets to choose from are refused and say what to add`()
    async throws
  {
    let folder = try TemporaryDirectory()
    let selectors = try folder.write(
      "s.json", #"{"version":1,"secrets":[{"select":{"rotating":true},"regions":["us-east-1"]}]}"#)
    let refused = try await drill([selectors], in: folder)
    #expect(refused.status == 2, "\(refused.error)")
    #expect(refused.error.contains("--scenario") && refused.error.contains("s.json:1:"))
    let mixed = try folder.write(
      "m.json",
      #"{"version":1,"secrets":["db-1",{"select":{"rotating":true},"regions":["us-east-1"]}]}"#)
    let warned = try await drill([mixed], in: folder)
    #expect(warned.status == 0 && warned.error.contains("warning: 1 selector"), "\(warned.error)")
    let chosen = try await drill(
      [selectors, "--scenario", "manifests/drill.json"], in: try TemporaryDirectory())
    #expect(chosen.output.contains("targets"), "\(chosen.error)")
  }

  @Test func `the documented scenario ends with the failures that it holds`() async throws {
    let folder = try TemporaryDirectory()
    let result = try await drill(["--scenario", "manifests/drill.json", "--json"], in: folder)
    #expect(result.status == 3)
    let summary = try #require(result.records.last)
    #expect(summary["reconciles"] == true)
    #expect(summary["outcomes"]?["failed"] == 3)
    #expect(summary["outcomes"]?["unknown"] == 0)
    #expect(summary["errors"]?["AccessDeniedException"] == 1)
  }

  @Test(arguments: ["tar.gz", "tar.zst", "zip"])
  func `independent tools agree with a bundle`(format: String) async throws {
    let folder = try TemporaryDirectory()
    let drilled = try await drill(
      ["manifests/example.csv", "--bundle-format", format], in: folder)
    #expect(drilled.status == 0)
    let bundle = folder.path + "/d." + format
    let side = try await tool("sha256sum", ["-c", bundle + ".sha256"], in: folder.path)
    #expect(side.status == 0, "\(side.error)")
    let out = folder.path + "/out"
    try FileManager.default.createDirectory(atPath: out, withIntermediateDirectories: true)
    if format == "zip" {
      #expect(try await tool("unzip", ["-t", bundle], in: out).status == 0)
      #expect(try await tool("unzip", ["-q", bundle], in: out).status == 0)
    } else {
      let flag = format == "tar.gz" ? "-xzf" : "--zstd"
      let arguments = format == "tar.gz" ? [flag, bundle] : [flag, "-xf", bundle]
      #expect(try await tool("tar", arguments, in: out).status == 0)
    }
    let sums = try await tool("sha256sum", ["-c", "--strict", "SHA256SUMS"], in: out + "/d")
    #expect(sums.status == 0, "\(sums.error)")
    let verified = try await #require(Program.rotactl).run(
      ["verify", bundle, "--json"], environment: Program.environment(home: folder.path))
    #expect(verified.status == 0)
    #expect(verified.records.first?["sound"] == true)
    #expect(verified.records.first?["targets"] == 36)
  }

  @Test func `a signed bundle is verified with the public key and with openssl`() async throws {
    let folder = try TemporaryDirectory()
    for arguments in [
      ["genpkey", "-algorithm", "ed25519", "-out", "key.pem"],
      ["pkey", "-in", "key.pem", "-pubout", "-out", "public.pem"],
    ] {
      #expect(try await tool("openssl", arguments, in: folder.path).status == 0)
    }
    let drilled = try await drill(
      ["manifests/example-array.json", "--signing-key", folder.path + "/key.pem"], in: folder)
    #expect(drilled.status == 0, "\(drilled.error)")
    let verified = try await #require(Program.rotactl).run(
      ["verify", folder.path + "/d.tar.gz", "--public-key", folder.path + "/public.pem"],
      environment: Program.environment(home: folder.path))
    #expect(verified.status == 0, "\(verified.output)")
    #expect(verified.output.contains("signature good"))
    let openssl = try await tool(
      "openssl",
      [
        "pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", "public.pem", "-in", "d/SHA256SUMS",
        "-sigfile", "d/SHA256SUMS.sig",
      ], in: folder.path)
    #expect(openssl.status == 0, "\(openssl.error)")
  }

  @Test(arguments: ["tar.gz", "tar.zst", "zip"])
  func `no byte of a bundle can change unseen`(format: String) async throws {
    let folder = try TemporaryDirectory()
    _ = try await drill(["manifests/example-array.json", "--bundle-format", format], in: folder)
    let bundle = folder.path + "/d." + format
    let whole = try Data(contentsOf: URL(fileURLWithPath: bundle))
    var random = SeededRandom(seed: 11)
    for _ in 0..<25 {
      var changed = whole
      changed[Int.random(in: 0..<whole.count, using: &random)] ^= UInt8.random(
        in: 1...255, using: &random)
      try changed.write(to: URL(fileURLWithPath: bundle))
      let verified = try await #require(Program.rotactl).run(
        ["verify", bundle], environment: Program.environment(home: folder.path))
      #expect(verified.status == 3)
      #expect(verified.output.contains("NOT SOUND"))
    }
  }

  @Test func `any changed byte of a file inside is found without the side file`() async throws {
    let folder = try TemporaryDirectory()
    _ = try await drill(["manifests/example-array.json"], in: folder)
    let out = folder.path + "/out"
    try FileManager.default.createDirectory(atPath: out, withIntermediateDirectories: true)
    _ = try await tool("tar", ["-xzf", folder.path + "/d.tar.gz"], in: out)
    let list = try await tool("find", ["d", "-type", "f"], in: out).output
    var random = SeededRandom(seed: 5)
    for name in list.split(separator: "\n").map(String.init) {
      let url = URL(fileURLWithPath: out + "/" + name)
      let whole = try Data(contentsOf: url)
      guard !whole.isEmpty else { continue }
      var changed = whole
      changed[Int.random(in: 0..<whole.count, using: &random)] ^= 1
      try changed.write(to: url)
      let packed = try await tool(
        "tar",
        ["--owner=0", "--group=0", "--numeric-owner", "--mode=0644", "-czf", "c.tar.gz"]
          + list.split(separator: "\n").map(String.init), in: out)
      #expect(packed.status == 0)
      let verified = try await #require(Program.rotactl).run(
        ["verify", out + "/c.tar.gz"], environment: Program.environment(home: folder.path))
      #expect(verified.status == 3, "\(name): \(verified.output)")
      try whole.write(to: url)
    }
  }

  @Test func `the same run bundles to the same bytes in another time zone`() async throws {
    let folder = try TemporaryDirectory()
    _ = try await drill(["manifests/example-array.json"], in: folder)
    let first = try folder.read("d.tar.gz")
    let report = try await #require(Program.rotactl).run(
      ["report", folder.path + "/d", "--format", "csv"],
      environment: Program.environment(home: folder.path, ["TZ": "Asia/Kolkata"]))
    let results = String(decoding: try folder.read("d/results.csv"), as: UTF8.self)
    #expect(
      report.output.split(separator: "\n")
        == results.replacing("\r\n", with: "\n").split(separator: "\n"))
    #expect(try folder.read("d.tar.gz") == first)
  }
}
