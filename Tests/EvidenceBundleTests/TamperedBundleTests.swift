import Cryptography
import DurableFiles
import EvidenceBundle
import RotationCore
import TestSupport
import Testing

/// Whatever is done to a bundle is found.
@Suite struct TamperedBundleTests {
  private static let canUnpack = CommonTool.has("gzip")

  /// A sealed run, and its archive taken apart.
  private func sealed() throws -> (run: SyntheticRun, tar: PlainTar) {
    let run = try SyntheticRun([.cancelled, .failed, .skipped, nil], finished: false)
    try run.seal()
    let gzip = try #require(CommonTool("gzip"))
    return (run, PlainTar(parsing: try gzip.run(["-dc", run.bundle]).output))
  }

  private func verdict(_ tar: PlainTar, in run: SyntheticRun) throws -> Verification {
    var demand = VerificationDemand()
    demand.allowsRepacking = true
    return BundleVerifier.verify(try run.folder.write("tampered.tar", tar.bytes), demand)
  }

  @Test(.enabled(if: canUnpack, "needs gzip"))
  func `a bundle that was unpacked and packed again unchanged is sound`() throws {
    let (run, tar) = try sealed()
    #expect(tar.entries.count == 17 + SchemaLibrary.all.count)
    let verification = try verdict(tar, in: run)
    #expect(verification.isSound, "\(verification.findings)")
  }

  @Test(.enabled(if: canUnpack, "needs gzip"))
  func `an archive that other tools packed needs to be asked for`() throws {
    let (run, tar) = try sealed()
    let verification = BundleVerifier.verify(try run.folder.write("other.tar", tar.bytes))
    #expect(!verification.isSound)
    #expect(verification.findings.contains { $0.what.contains("--repacked") })
  }

  @Test(.enabled(if: canUnpack, "needs gzip"))
  func `one changed byte in any file is found`() throws {
    let (run, tar) = try sealed()
    for (index, entry) in tar.entries.enumerated() {
      for position in stride(from: 0, to: entry.bytes.count, by: max(1, entry.bytes.count / 7)) {
        var changed = tar
        changed.entries[index].bytes[position] ^= 0x01
        #expect(!(try verdict(changed, in: run).isSound), "\(entry.name) at \(position)")
      }
    }
  }

  @Test(.enabled(if: canUnpack, "needs gzip"))
  func `dropped, doubled, renamed, added and swapped entries are found`() throws {
    let (run, tar) = try sealed()
    for index in tar.entries.indices {
      let name = tar.entries[index].name
      var dropped = tar
      dropped.entries.remove(at: index)
      #expect(!(try verdict(dropped, in: run).isSound), "without \(name)")
      var doubled = tar
      doubled.entries.append(tar.entries[index])
      #expect(!(try verdict(doubled, in: run).isSound), "twice \(name)")
      var renamed = tar
      renamed.entries[index].name += "x"
      #expect(!(try verdict(renamed, in: run).isSound), "renamed \(name)")
      guard index > 0 else { continue }
      var contents = tar
      contents.entries[index].bytes = tar.entries[index - 1].bytes
      contents.entries[index - 1].bytes = tar.entries[index].bytes
      #expect(!(try verdict(contents, in: run).isSound), "contents of \(name)")
      var places = tar
      places.entries.swapAt(index, index - 1)
      #expect(!(try verdict(places, in: run).isSound), "place of \(name)")
    }
    var added = tar
    added.entries.append(.init(name: "run-1/secrets/note.txt", bytes: [0x41]))
    #expect(!(try verdict(added, in: run).isSound))
  }

  @Test(.enabled(if: canUnpack, "needs gzip"))
  func `a forged table with a mended checksum is found`() throws {
    let (run, tar) = try sealed()
    for suffix in [
      "results.csv", "failed.csv", "summary.json", "summary.html", "us-east-1/db%2F1.json",
    ] {
      var forged = tar
      let index = try #require(tar.index(suffix))
      let sums = try #require(tar.index("SHA256SUMS"))
      let old = tar.entries[index].bytes
      let new = old + [0x0A]
      forged.entries[index].bytes = new
      forged.entries[sums].bytes = Array(
        String(decoding: tar.entries[sums].bytes, as: UTF8.self)
          .replacing(SHA256.hash(old).hex, with: SHA256.hash(new).hex).utf8)
      let verification = try verdict(forged, in: run)
      #expect(!verification.isSound)
      #expect(verification.findings.contains { $0.what.contains("plan and journal") }, "\(suffix)")
    }
  }

  @Test(.enabled(if: canUnpack, "needs gzip"))
  func `hostile entries are refused and nothing is written for them`() throws {
    let (run, tar) = try sealed()
    let hostile: [PlainTar.Entry] = [
      .init(name: "/tmp/absolute", bytes: [1]), .init(name: "run-1/../../up", bytes: [1]),
      .init(name: "../up", bytes: [1]), .init(name: "run-1/./dot", bytes: [1]),
      .init(name: "run-1//empty", bytes: [1]), .init(name: "run-1/new\nline", bytes: [1]),
      .init(name: "run-1/back\\slash", bytes: [1]), .init(name: "other/file", bytes: [1]),
      .init(name: "file", bytes: [1]),
      .init(name: "run-1/link", kind: "2", link: "/etc/passwd"),
      .init(name: "run-1/hard", kind: "1", link: "run-1/plan.ndjson"),
      .init(name: "run-1/device", kind: "3"), .init(name: "run-1/pipe", kind: "6"),
      .init(name: "run-1/folder/", kind: "5"),
      .init(name: "run-1/huge", claimedSize: 0o77_777_777_777),
    ]
    for entry in hostile {
      for first in [true, false] {
        var changed = tar
        changed.entries.insert(entry, at: first ? 0 : tar.entries.count)
        let verification = try verdict(changed, in: run)
        #expect(!verification.isSound, "\(entry.name)")
        #expect(verification.findings.allSatisfy { !$0.what.contains("\n") })
      }
    }
    #expect(!DurableFile.exists("/tmp/absolute"))
    #expect(!DurableFile.exists(run.folder.path + "/up"))
  }

  @Test(arguments: BundleFormat.allCases)
  func `any changed byte of the bundle file is found by the file beside it`(
    format: BundleFormat
  ) throws {
    let run = try SyntheticRun([.cancelled, .failed])
    let digest = try run.seal(format)
    let whole = try run.folder.read("run-1." + format.rawValue)
    for position in stride(from: 0, to: whole.count, by: max(1, whole.count / 97)) {
      var changed = whole
      changed[position] ^= 0x10
      try run.folder.write("run-1." + format.rawValue, changed)
      #expect(!BundleVerifier.verify(digest.path).isSound, "byte \(position)")
    }
    try run.folder.write("run-1." + format.rawValue, whole)
    #expect(BundleVerifier.verify(digest.path).isSound)
  }

  @Test(arguments: BundleFormat.allCases)
  func `without the file beside it a changed byte is found too`(
    format: BundleFormat
  ) throws {
    let run = try SyntheticRun([.cancelled, .failed])
    let digest = try run.seal(format)
    DurableFile.remove(digest.path + ".sha256")
    let whole = try run.folder.read("run-1." + format.rawValue)
    for position in stride(from: 0, to: whole.count, by: max(1, whole.count / 211)) {
      var changed = whole
      changed[position] ^= 0x10
      try run.folder.write("run-1." + format.rawValue, changed)
      #expect(!BundleVerifier.verify(digest.path).isSound, "byte \(position)")
    }
  }

  @Test func `files that do not belong into a folder are found`() throws {
    for stray in ["secrets/111122223333/us-east-1/other.json", "manifest/2-other.csv"] {
      let run = try SyntheticRun([.cancelled])
      try run.seal()
      #expect(BundleVerifier.verify(run.path).isSound)
      try run.folder.write("run-1/" + stray, "{}")
      #expect(!BundleVerifier.verify(run.path).isSound, "\(stray)")
    }
  }

  @Test(.enabled(if: CommonTool.has("gzip", "zstd", "sh"), "needs gzip and zstd"))
  func `what unpacks to far more than its size is refused while it is read`() throws {
    let folder = try TemporaryDirectory()
    let header = PlainTar([.init(name: "run-1/manifest/1-m.csv", claimedSize: 1 << 30)]).bytes
    try folder.write("header", Array(header[..<512]))
    let sh = try #require(CommonTool("sh"))
    for (command, name) in [("gzip -9", "bomb.tar.gz"), ("zstd -q", "bomb.tar.zst")] {
      let made = try sh.run(
        ["-c", "(cat header; head -c 1073741824 /dev/zero) | \(command) > \(name)"],
        in: folder.path)
      #expect(made.status == 0, "\(made.text)")
      let verification = BundleVerifier.verify(folder.path + "/" + name)
      #expect(!verification.isSound)
      // deflate packs a run of zeros some 1000 to 1, zstd far more.
      let isBomb = verification.findings.contains { $0.what.contains("bomb") }
      #expect(isBomb, "\(verification.findings)")
      // Those that only read, and pass over what they do not need, are no less careful.
      let path = folder.path + "/" + name
      let read = #expect(throws: EvidenceError.self) { try RunReader(path: path) }
      #expect(read?.description.contains("bomb") == true, "\(String(describing: read))")
      let found = #expect(throws: EvidenceError.self) { try ReportFinder(secret: "x", in: path) }
      #expect(found?.description.contains("bomb") == true, "\(String(describing: found))")
    }
  }

  @Test(.enabled(if: CommonTool.has("gzip", "head"), "needs gzip and head"))
  func `an endless line is refused before anything holds it`() throws {
    let folder = try TemporaryDirectory()
    let line = [UInt8](repeating: 0x20, count: 17 << 20)
    let tar = PlainTar([.init(name: "run-1/plan.ndjson", bytes: line)])
    let path = try folder.write("line.tar", tar.bytes)
    let verification = BundleVerifier.verify(path)
    #expect(!verification.isSound)
    #expect(verification.findings.contains { $0.what.contains("too long") })
  }
}
