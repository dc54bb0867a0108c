import Cryptography
import DurableFiles
import EvidenceBundle
import Foundation
import RotationCore
import TestSupport
import Testing

/// Signature, time stamp and encryption, and the guide that leads an auditor through them.
@Suite(
  .enabled(
    if: CommonTool.has("openssl", "sh", "tar", "zstd", "unzip", "sha256sum", "bsdtar"),
    "needs openssl, tar, zstd, unzip, bsdtar and sha256sum"))
struct SealTests {
  private static let outcomes: [Outcome?] = [.cancelled, .failed, .alreadyOff, .skipped]

  /// The commands of VERIFY.md that are for these cases, as one script.
  private func script(_ guide: String, for cases: Set<String>) -> String {
    var lines = ["set -e"]
    var isTaken = false
    for line in guide.split(separator: "\n", omittingEmptySubsequences: false) {
      if line.hasPrefix("```sh") {
        let tag = line.dropFirst(5).filter { $0 != " " }
        isTaken = tag.isEmpty || cases.contains(String(tag))
      } else if line == "```" {
        isTaken = false
      } else if isTaken {
        lines.append(String(line))
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private func follow(_ run: SyntheticRun, _ cases: Set<String>) throws -> CommonTool.Answer {
    let guide = String(decoding: try run.folder.read("run-1/VERIFY.md"), as: UTF8.self)
    // What an auditor has is the bundle alone.
    let place = run.folder.path + "/auditor"
    DurableFile.removeFolder(place)
    try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
    for name in try DurableFile.list(run.folder.path)
    where name.hasPrefix("run-1.") || name.hasSuffix(".pem") || name.hasSuffix(".txt") {
      try FileManager.default.copyItem(
        atPath: run.folder.path + "/" + name, toPath: place + "/" + name)
    }
    return try #require(CommonTool("sh")).run(["-c", script(guide, for: cases)], in: place)
  }

  @Test(arguments: BundleFormat.allCases)
  func `the commands of VERIFY.md accept a bundle`(format: BundleFormat) throws {
    let run = try SyntheticRun(Self.outcomes)
    try run.seal(format)
    let followed = try follow(run, [format.rawValue, "unpack" + format.rawValue])
    #expect(followed.status == 0, "\(followed.text)")
  }

  @Test func `the commands of VERIFY.md find a change in any file and an added one`() throws {
    let run = try SyntheticRun(Self.outcomes)
    try run.seal(.tarGz)
    let gzip = try #require(CommonTool("gzip"))
    let tar = PlainTar(parsing: try gzip.run(["-dc", run.bundle]).output)
    DurableFile.remove(run.bundle + ".sha256")
    func isRefused(_ changed: PlainTar) throws -> Bool {
      try run.folder.write("run-1.tar", changed.bytes)
      _ = try gzip.run(["-kf", run.folder.path + "/run-1.tar"])
      let sum = SHA256.hash(try run.folder.read("run-1.tar.gz")).hex
      try run.folder.write("run-1.tar.gz.sha256", "\(sum)  run-1.tar.gz\n")
      return try follow(run, ["tar.gz", "unpacktar.gz"]).status != 0
    }
    #expect(try !isRefused(tar))
    for (index, entry) in tar.entries.enumerated() where !entry.name.hasSuffix("SHA256SUMS") {
      var changed = tar
      changed.entries[index].bytes[entry.bytes.count / 2] ^= 1
      #expect(try isRefused(changed), "\(entry.name)")
    }
    var added = tar
    added.entries.append(.init(name: "run-1/secrets/extra.json", bytes: [0x7B, 0x7D]))
    #expect(try isRefused(added))
  }

  @Test func `a signed and time-stamped bundle is accepted by VERIFY.md and by verify`() throws {
    let authority = try TimestampAuthority()
    let key = try SigningKey.generate()
    let run = try SyntheticRun(Self.outcomes)
    var sealed = try SealedRun(runFolder: run.path, looseReports: true, signingKey: key)
    let request = try TimestampRequest(over: sealed.sumsDigest)
    let answer = try authority.answer(to: request.bytes)
    try sealed.attach(timestamp: answer, to: request)
    #expect(sealed.isSigned && sealed.isTimestamped)
    let digest = try sealed.pack(to: run.bundle, format: .tarGz)
    try run.folder.write("public.pem", key.verifyingKey.pem())
    try run.folder.write("tsa-ca.pem", authority.folder.read("ca.crt"))
    let followed = try follow(run, ["tar.gz", "unpacktar.gz", "signature", "timestamp"])
    #expect(followed.status == 0, "\(followed.text)")

    var demand = VerificationDemand(publicKey: try key.verifyingKey)
    demand.authorities = authority.root
    for path in [digest.path, run.path] {
      let verification = BundleVerifier.verify(path, demand)
      #expect(verification.isSound && verification.isSigned, "\(verification.findings)")
      #expect(verification.timestamp != nil)
    }
    // Sealed again without a key and without asking: what fits stays, to the same bytes.
    let again = try run.seal(as: run.folder.path + "/again.tar.gz")
    #expect(again.sha256 == digest.sha256)

    demand.authorities = try TimestampAuthority().root
    #expect(!BundleVerifier.verify(digest.path, demand).isSound)
    for index in answer.indices where index % 7 == 0 {
      var changed = answer
      changed[index] ^= 4
      try run.folder.write("run-1/SHA256SUMS.tsr", changed)
      demand.authorities = authority.root
      // A bit of the unsigned wrapping may change without changing what the token says.
      let verdict = BundleVerifier.verify(run.path, demand)
      if verdict.isSound { #expect(verdict.timestamp?.seconds(since: SyntheticRun.time) != nil) }
    }
  }

  @Test func `a time stamp about something else is refused and leaves the run as it was`() throws {
    let authority = try TimestampAuthority()
    let run = try SyntheticRun(Self.outcomes)
    var sealed = try SealedRun(runFolder: run.path, looseReports: true)
    let request = try TimestampRequest(over: sealed.sumsDigest)
    let other = try TimestampRequest(over: SHA256.hash("other"))
    let answer = try authority.answer(to: other.bytes)
    #expect(throws: EvidenceError.self) { try sealed.attach(timestamp: answer, to: request) }
    for noise in [[], [0x30], Array("no token".utf8), Array(answer.dropLast())] {
      #expect(throws: EvidenceError.self) { try sealed.attach(timestamp: noise, to: request) }
    }
    #expect(!sealed.isTimestamped)
    // Another run of the same request must not be answered by an old token: the nonce differs.
    let fresh = try TimestampRequest(over: sealed.sumsDigest)
    let old = try authority.answer(to: fresh.bytes)
    #expect(throws: EvidenceError.self) { try sealed.attach(timestamp: old, to: request) }
    try run.folder.write("run-1/SHA256SUMS.tsr", answer)
    #expect(!BundleVerifier.verify(run.path).isSound)
    try run.seal()
    #expect(!DurableFile.exists(run.path + "/SHA256SUMS.tsr"))
  }

  @Test func `an envelope opens for each recipient, by openssl too, and for nobody else`() throws {
    let run = try SyntheticRun(Self.outcomes)
    let place = run.folder.path
    let openssl = try #require(CommonTool("openssl"))
    for line in [
      "req -x509 -newkey rsa:2048 -nodes -keyout recipient.pem -out rsa.crt -subj /CN=A -days 9",
      "genpkey -algorithm RSA -out bare.pem", "pkey -in bare.pem -pubout -out bare.pub",
      "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out ec.pem",
      "pkey -in ec.pem -pubout -out ec.pub", "genpkey -algorithm RSA -out stranger.pem",
      "genpkey -algorithm ed25519 -out ed.pem", "pkey -in ed.pem -pubout -out ed.pub",
    ] {
      #expect(try openssl.run(line.split(separator: " ").map(String.init), in: place).status == 0)
    }
    let recipients = try ["rsa.crt", "bare.pub", "ec.pub"].map {
      try Recipient(path: place + "/" + $0)
    }
    #expect(throws: KeyError.self) { try Recipient(path: place + "/ed.pub") }
    #expect(throws: KeyError.self) { try Recipient(path: place + "/recipient.pem") }
    let digest = try run.seal(protection: .recipients(recipients))
    #expect(digest.path == run.bundle + ".cms")
    #expect(!DurableFile.exists(run.bundle))
    let cipher = try run.folder.read("run-1.tar.gz.cms")
    #expect(!String(decoding: cipher, as: UTF8.self).contains("journal.ndjson"))

    for name in ["recipient.pem", "bare.pem", "ec.pem"] {
      let opened = try openssl.run(
        [
          "cms", "-decrypt", "-binary", "-inform", "DER", "-in", digest.path, "-inkey", name,
          "-out", "opened.tar.gz",
        ], in: place)
      #expect(opened.status == 0, "\(name): \(opened.text)")
      var demand = VerificationDemand()
      #expect(!BundleVerifier.verify(digest.path, demand).isSound)
      demand.keys.openingKey = try OpeningKey(path: place + "/" + name)
      let verification = BundleVerifier.verify(digest.path, demand)
      #expect(verification.isSound, "\(verification.findings)")
      let reader = try RunReader(path: digest.path, keys: demand.keys)
      #expect(reader.evidence.targets == 4)
      let found = try ReportFinder(secret: "db/1", in: digest.path, keys: demand.keys)
      #expect(found.reports.count == 1)
    }
    try run.seal(as: place + "/plain.tar.gz")
    #expect(try run.folder.read("opened.tar.gz") == run.folder.read("plain.tar.gz"))
    #expect(try follow(run, ["tar.gz.cms", "unpacktar.gz"]).status == 0)

    var demand = VerificationDemand()
    demand.keys.openingKey = try OpeningKey(path: place + "/stranger.pem")
    #expect(!BundleVerifier.verify(digest.path, demand).isSound)
    demand.keys.openingKey = try OpeningKey(path: place + "/recipient.pem")
    DurableFile.remove(digest.path + ".sha256")
    var random = SeededRandom(seed: 9)
    for _ in 0..<60 {
      var changed = cipher
      let place = Int.random(in: (cipher.count / 2)..<cipher.count, using: &random)
      changed[place] ^= 1 << UInt8.random(in: 0...7, using: &random)
      let path = try run.folder.write("changed.tar.gz.cms", changed)
      #expect(!BundleVerifier.verify(path, demand).isSound, "byte \(place)")
    }
    #expect(
      !BundleVerifier.verify(try run.folder.write("x.cms", cipher.dropLast(9)), demand).isSound)
  }

  @Test func `a zip under a passphrase opens with it alone, by bsdtar too`() throws {
    let run = try SyntheticRun(Self.outcomes)
    let word = SecretBytes(Array("tr0ub4dor & 3".utf8))
    let digest = try run.seal(.zip, protection: .passphrase(word))
    try run.folder.write("passphrase.txt", "tr0ub4dor & 3\n")
    let followed = try follow(run, ["zip", "unpackzip.passphrase"])
    #expect(followed.status == 0, "\(followed.text)")
    var demand = VerificationDemand()
    for wrong in [nil, SecretBytes(Array("other".utf8))] {
      demand.keys.passphrase = wrong
      #expect(!BundleVerifier.verify(digest.path, demand).isSound)
    }
    demand.keys.passphrase = try SecretBytes.passphrase(file: run.folder.path + "/passphrase.txt")
    let verification = BundleVerifier.verify(digest.path, demand)
    #expect(verification.isSound, "\(verification.findings)")
    #expect(try RunReader(path: digest.path, keys: demand.keys).evidence.targets == 4)
    #expect(throws: EvidenceError.self) {
      try run.seal(.tarGz, protection: .passphrase(word))
    }
  }
}
