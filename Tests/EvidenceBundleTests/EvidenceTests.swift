import Cryptography
import DurableFiles
import EvidenceBundle
import Foundation
import RotationCore
import TestSupport
import Testing

@Suite struct EvidenceTests {
  private func broken(_ path: String) -> [String] {
    BundleVerifier.verify(path).findings.filter { $0.severity == .broken }.map(\.what)
  }

  @Test(arguments: BundleFormat.allCases)
  func `a sealed run is sound and comes out the same again`(format: BundleFormat) throws {
    let run = try SyntheticRun(
      Outcome.allCases.map { $0 == .notAttempted ? nil : $0 }, finished: false)
    let first = try run.seal(format)
    let again = try run.seal(format, as: run.folder.path + "/again")
    #expect(first.sha256 == again.sha256)
    let verification = BundleVerifier.verify(first.path)
    #expect(verification.isSound, "\(verification.findings)")
    #expect(verification.summary?.count(.notAttempted) == 1)
    #expect(BundleVerifier.verify(run.path).isSound)
  }

  @Test(arguments: BundleFormat.allCases)
  func `reports that find no room to wait in are made again, to the same bytes`(
    format: BundleFormat
  ) throws {
    let run = try SyntheticRun(
      Array(repeating: .cancelled, count: 30) + [.failed, nil], finished: false)
    // What a killed process left, and a link that somebody else made.
    try run.folder.write("run-1/.rotactl-killed/reports", "half of them")
    let kept = try run.folder.write("elsewhere/kept", "kept")
    try FileManager.default.createSymbolicLink(
      atPath: run.path + "/.rotactl-link", withDestinationPath: run.folder.path + "/elsewhere")
    func bundle(_ name: String, _ limit: Int) throws -> BundleDigest {
      try EvidenceWriter.finish(
        runFolder: run.path, bundle: run.folder.path + "/" + name, format: format,
        looseReports: false, spoolLimit: limit)
    }
    let spooled = try bundle("spooled", .max)
    #expect(try bundle("made", 0).sha256 == spooled.sha256)
    #expect(try bundle("half", 5000).sha256 == spooled.sha256)
    #expect(spooled.reports == 32)
    #expect(!DurableFile.exists(run.path + "/.rotactl-killed"))
    #expect(DurableFile.exists(kept))
    let left = try DurableFile.list(run.path).filter { $0.hasPrefix(".rotactl-") }
    #expect(left == [".rotactl-link"])
  }

  @Test func `cells cannot be formulas and the failed list still names its secrets`() throws {
    let run = try SyntheticRun([.failed, .cancelled])
    try run.seal()
    let results = String(decoding: try run.folder.read("run-1/results.csv"), as: UTF8.self)
    #expect(results.contains("'=1+1"))
    #expect(results.contains("'+team"))
    let failed = String(decoding: try run.folder.read("run-1/failed.csv"), as: UTF8.self)
    #expect(failed.contains("\"=1+1\""))
    #expect(!failed.contains("db/1"))
  }

  @Test func `a page that is not all good does not read as success`() throws {
    let run = try SyntheticRun([.failed, .cancelled])
    try run.seal()
    let page = String(decoding: try run.folder.read("run-1/summary.html"), as: UTF8.self)
    #expect(!page.lowercased().contains("all off"))
    #expect(page.contains("1 of 2 targets are NOT proven off."))
    #expect(!page.contains("never\"\n"))
  }

  @Test func `an intent without an outcome is reported as unknown and a withdrawn one is not`()
    throws
  {
    let run = try SyntheticRun([nil, nil, nil])
    let plan = SHA256.hash(try run.folder.read("run-1/plan.ndjson")).hex
    func intent(_ ordinal: Int) -> JournalRecord {
      .intent(
        ordinal: ordinal, operation: .cancelRotateSecret, region: "us-east-1", secretID: "s",
        attempt: 1)
    }
    try run.write(journal: [
      .opened(runID: "run-1", toolVersion: "t", planSHA256: plan, targets: 3), intent(0),
      intent(1), .withdrawn(ordinal: 1), .stopped(cause: "signal INT"),
    ])
    let digest = try run.seal()
    let verification = BundleVerifier.verify(digest.path)
    #expect(verification.isSound)
    #expect(verification.summary?.count(.unknown) == 1)
    #expect(verification.summary?.count(.notAttempted) == 2)
  }

  @Test func `totals that do not add up are refused before anything is sealed`() throws {
    let run = try SyntheticRun([.cancelled, .cancelled])
    let plan = SHA256.hash(try run.folder.read("run-1/plan.ndjson")).hex
    try run.write(journal: [
      .opened(runID: "run-1", toolVersion: "t", planSHA256: plan, targets: 2),
      .finished(totals: [.cancelled: 2]),
    ])
    #expect(throws: EvidenceError.self) { try run.seal() }
    #expect(!DurableFile.exists(run.bundle))
  }

  @Test func `a journal of another plan and a changed manifest are refused`() throws {
    let run = try SyntheticRun([.cancelled])
    try run.folder.write("run-1/manifest/1-m.csv", "secret_id,region\nx\n")
    #expect(throws: EvidenceError.self) { try run.seal() }
    let other = try SyntheticRun([.cancelled])
    var plan = try other.folder.read("run-1/plan.ndjson")
    plan[plan.count - 10] ^= 1
    try other.folder.write("run-1/plan.ndjson", plan)
    #expect(throws: EvidenceError.self) { try other.seal() }
  }

  @Test func `each kind of tampering with the folder is named`() throws {
    let run = try SyntheticRun([.cancelled, .failed, .cancelled])
    try run.seal()
    #expect(broken(run.path).isEmpty)
    for name in ["results.csv", "failed.csv", "summary.json", "summary.html", "run.json"] {
      let whole = try run.folder.read("run-1/" + name)
      var changed = whole
      changed[changed.count / 2] ^= 2
      try run.folder.write("run-1/" + name, changed)
      #expect(broken(run.path).contains { $0.contains(name) }, "\(name)")
      try run.folder.write("run-1/" + name, whole)
    }
    // Tampering that also mends SHA256SUMS is found because everything follows from the journal.
    let results = try run.folder.read("run-1/results.csv")
    let forged = Array(
      String(decoding: results, as: UTF8.self).replacing("failed", with: "cancelled").utf8)
    try run.folder.write("run-1/results.csv", forged)
    let sums = String(decoding: try run.folder.read("run-1/SHA256SUMS"), as: UTF8.self)
    try run.folder.write(
      "run-1/SHA256SUMS",
      sums.replacing(SHA256.hash(results).hex, with: SHA256.hash(forged).hex))
    #expect(broken(run.path).contains { $0.contains("results.csv is not what plan and journal") })
  }

  @Test func `a signature is demanded, checked, and OpenSSL agrees`() throws {
    let key = try SigningKey.generate()
    let other = try SigningKey.generate()
    let publicKey = try key.verifyingKey
    let otherKey = try other.verifyingKey
    let run = try SyntheticRun([.cancelled])
    try run.seal()
    #expect(!BundleVerifier.verify(run.bundle, publicKey: publicKey).isSound)
    try run.seal(key: key)
    let good = BundleVerifier.verify(run.bundle, publicKey: publicKey)
    #expect(good.isSound && good.isSigned)
    #expect(!BundleVerifier.verify(run.bundle, publicKey: otherKey).isSound)
    let signature = try run.folder.read("run-1/SHA256SUMS.sig")
    #expect(signature.count == 64)
    try run.folder.write("key.pem", publicKey.pem())
    let openssl = Process()
    openssl.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
    openssl.arguments = [
      "pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", run.folder.path + "/key.pem", "-in",
      run.path + "/SHA256SUMS", "-sigfile", run.path + "/SHA256SUMS.sig",
    ]
    openssl.standardOutput = FileHandle.nullDevice
    try openssl.run()
    openssl.waitUntilExit()
    #expect(openssl.terminationStatus == 0)
  }

  @Test func `a file that is no archive and a cut one give findings and no crash`() throws {
    let run = try SyntheticRun([.cancelled])
    try run.seal()
    let whole = try run.folder.read("run-1.tar.gz")
    DurableFile.remove(run.bundle + ".sha256")
    for length in stride(from: 0, to: whole.count, by: 37) {
      let cut = try run.folder.write("cut.tar.gz", Array(whole[..<length]))
      #expect(!BundleVerifier.verify(cut).isSound)
    }
    let noise = try run.folder.write("noise", [UInt8](repeating: 0x41, count: 5000))
    #expect(!BundleVerifier.verify(noise).isSound)
    #expect(!BundleVerifier.verify(run.folder.path + "/missing").isSound)
  }

  @Test(.enabled(if: Conformance.has("archive-samples"), "\(Conformance.absence)"))
  func `no foreign or hostile archive passes, crashes or leaves anything behind`() throws {
    var seen = 0
    for source in ["cpython", "go/tar", "go/zip", "libarchive"] {
      for name in Conformance.list("archive-samples/" + source) {
        let verification = BundleVerifier.verify(
          Conformance.path("archive-samples/\(source)/\(name)"))
        #expect(!verification.isSound, "\(name)")
        #expect(!verification.findings.isEmpty)
        seen += 1
      }
    }
    #expect(seen >= 181)
  }
}
