import Cryptography
import DurableFiles
import EvidenceBundle
import RotationCore
import TestSupport
import Testing

/// Thousands of random changes to a bundle: each is found.
@Suite struct MutationTests {
  private func sealed(
    _ format: BundleFormat = .tarGz, key: SigningKey? = nil
  ) throws -> SyntheticRun {
    let run = try SyntheticRun([.cancelled, .failed, .skipped, nil, .unknown], finished: false)
    try run.seal(format, key: key)
    DurableFile.remove(run.folder.path + "/run-1." + format.rawValue + ".sha256")
    return run
  }

  @Test(arguments: BundleFormat.allCases)
  func `any flipped bit of a bundle is found without the file beside it`(
    format: BundleFormat
  ) throws {
    let run = try sealed(format)
    let whole = try run.folder.read("run-1." + format.rawValue)
    let path = run.folder.path + "/run-1." + format.rawValue
    #expect(BundleVerifier.verify(path).isSound, "\(BundleVerifier.verify(path).findings)")
    var random = SeededRandom(seed: 2026)
    var places = (0..<400).map { _ in Int.random(in: 0..<(whole.count * 8), using: &random) }
    // Headers and ends are where bits hide that no reader looks at.
    places += Array(0..<(8 * 32)) + Array((whole.count - 24) * 8..<whole.count * 8)
    for place in places {
      var changed = whole
      changed[place / 8] ^= 1 << UInt8(place % 8)
      try run.folder.write("run-1." + format.rawValue, changed)
      #expect(!BundleVerifier.verify(path).isSound, "bit \(place % 8) of byte \(place / 8)")
    }
  }

  @Test(.enabled(if: CommonTool.has("gzip"), "needs gzip"))
  func `any change to the entries of a bundle is found`() throws {
    let run = try sealed()
    let gzip = try #require(CommonTool("gzip"))
    let tar = PlainTar(parsing: try gzip.run(["-dc", run.bundle]).output)
    var demand = VerificationDemand()
    demand.allowsRepacking = true
    func verdict(_ tar: PlainTar) throws -> Verification {
      BundleVerifier.verify(try run.folder.write("changed.tar", tar.bytes), demand)
    }
    let unchanged = try verdict(tar)
    #expect(unchanged.isSound, "\(unchanged.findings)")
    var random = SeededRandom(seed: 7)
    for round in 0..<2500 {
      var changed = tar
      let index = Int.random(in: tar.entries.indices, using: &random)
      let other = Int.random(in: tar.entries.indices, using: &random)
      let bytes = tar.entries[index].bytes
      var what = tar.entries[index].name
      switch round % 10 {
      case 0, 1, 2, 3:
        guard !bytes.isEmpty else { continue }
        let bit = Int.random(in: 0..<(bytes.count * 8), using: &random)
        changed.entries[index].bytes[bit / 8] ^= 1 << UInt8(bit % 8)
        what += ": bit \(bit)"
      case 4: changed.entries.remove(at: index)
      case 5:
        guard index != other else { continue }
        changed.entries.swapAt(index, other)
      case 6:
        guard index != other, bytes != tar.entries[other].bytes else { continue }
        changed.entries[index].bytes = tar.entries[other].bytes
        changed.entries[other].bytes = bytes
      case 7:
        var name = Array(tar.entries[index].name.utf8)
        let place = Int.random(in: name.indices, using: &random)
        name[place] = name[place] == 0x78 ? 0x79 : 0x78
        changed.entries[index].name = String(decoding: name, as: UTF8.self)
        guard changed.entries[index].name != tar.entries[index].name else { continue }
      case 8: changed.entries.insert(tar.entries[index], at: other)
      default:
        changed.entries[index].bytes = Array(
          bytes.prefix(Int.random(in: 0...bytes.count, using: &random)))
        guard changed.entries[index].bytes != bytes else {
          changed.entries[index].bytes.append(0x0A)
          break
        }
      }
      #expect(!(try verdict(changed).isSound), "round \(round): \(what)")
    }
  }

  @Test func `a journal that was chained anew is found by the key, whoever signs it`() throws {
    let key = try SigningKey.generate()
    let publicKey = try key.verifyingKey
    let run = try sealed(key: key)
    #expect(BundleVerifier.verify(run.bundle, publicKey: publicKey).isSound)
    let plan = SHA256.hash(try run.folder.read("run-1/plan.ndjson")).hex
    for forger in [nil, try SigningKey.generate()] {
      // The forger turns a failure into a success and makes everything anew.
      try run.write(journal: [
        .opened(runID: "run-1", toolVersion: "test", planSHA256: plan, targets: 5),
        .settled(
          Settlement(
            ordinal: 1, outcome: .cancelled, startedAt: SyntheticRun.time,
            settledAt: SyntheticRun.time)),
      ])
      let forged = try run.seal(key: forger)
      #expect(BundleVerifier.verify(forged.path).isSound)
      let verification = BundleVerifier.verify(forged.path, publicKey: publicKey)
      #expect(!verification.isSound && !verification.isSigned)
      #expect(verification.findings.contains { $0.what.contains("sign") })
    }
  }

  @Test func `a file that the custody log knows otherwise, and a broken log, are found`() throws {
    let run = try sealed()
    let log = CustodyLog(reports: run.folder.path, runID: "run-1")
    func enter(_ sha256: String) throws {
      try log.append(
        CustodyLog.Event(
          "sealed", at: SyntheticRun.time, host: "h", operatorName: "o", toolVersion: "t",
          details: ["file": "run-1.tar.gz", "sha256": .string(sha256)]))
    }
    try enter(SHA256.hash(try run.folder.read("run-1.tar.gz")).hex)
    #expect(BundleVerifier.verify(run.bundle).isSound)
    let whole = try run.folder.read("run-1.custody.ndjson")
    try enter(SHA256.hash("other").hex)
    #expect(!BundleVerifier.verify(run.bundle).isSound)
    try run.folder.write(
      "run-1.custody.ndjson",
      String(decoding: whole, as: UTF8.self).replacing("\"h\"", with: "\"i\"") + "{}\n")
    #expect(!BundleVerifier.verify(run.bundle).isSound)
  }

  @Test func `an old signature does not pass for a new journal`() throws {
    let key = try SigningKey.generate()
    let run = try sealed(key: key)
    let signature = try run.folder.read("run-1/SHA256SUMS.sig")
    let plan = SHA256.hash(try run.folder.read("run-1/plan.ndjson")).hex
    try run.write(journal: [
      .opened(runID: "run-1", toolVersion: "test", planSHA256: plan, targets: 5)
    ])
    try run.seal()
    #expect(!DurableFile.exists(run.path + "/SHA256SUMS.sig"))
    try run.folder.write("run-1/SHA256SUMS.sig", signature)
    #expect(!BundleVerifier.verify(run.path, publicKey: try key.verifyingKey).isSound)
  }

  @Test func `a run's folder whose files were changed, dropped or added to is unsound`() throws {
    let run = try sealed()
    #expect(BundleVerifier.verify(run.path).isSound)
    var random = SeededRandom(seed: 77)
    let names =
      try DurableFile.list(run.path).filter { !DurableFile.isFolder(run.path + "/" + $0) }
      + ["manifest/1-m.csv", "schemas/report-1.json", "secrets/111122223333/us-east-1/db%2F1.json"]
    for name in names {
      let whole = try run.folder.read("run-1/" + name)
      for _ in 0..<8 where !whole.isEmpty {
        var changed = whole
        let bit = Int.random(in: 0..<(whole.count * 8), using: &random)
        changed[bit / 8] ^= 1 << UInt8(bit % 8)
        try run.folder.write("run-1/" + name, changed)
        #expect(!BundleVerifier.verify(run.path).isSound, "\(name) bit \(bit)")
      }
      try run.folder.write("run-1/" + name, whole)
    }
    #expect(BundleVerifier.verify(run.path).isSound)
    try run.folder.write("run-1/schemas/more.json", "{}")
    #expect(!BundleVerifier.verify(run.path).isSound)
  }
}
