import Cryptography
import DurableFiles
import EvidenceBundle
import Foundation
import RotationCore
import TestSupport
import Testing

/// Bundles of each edition that was ever released stay readable, and are made again byte for byte
/// by the code of their edition.
///
/// A change of what a run derives (tables, page, reports, schemas) shows here first. Before the
/// first release `Fixtures/make.sh` makes the bundle anew; afterwards raise `BundleShape.edition`,
/// keep the old bundle, and add one of the new edition.
@Suite struct GoldenBundleTests {
  private static let folder = Conformance.repositoryRoot + "/Tests/EvidenceBundleTests/Fixtures"
  private static let bundle = folder + "/edition-1.tar.gz"

  @Test func `the bundle of the first edition is sound, signed, and made again the same`() throws {
    let key = try VerifyingKey(path: Self.folder + "/edition-1.pem.pub")
    let verification = BundleVerifier.verify(Self.bundle, publicKey: key)
    #expect(verification.isSound && verification.isSigned, "\(verification.findings)")
    #expect(!verification.findings.contains { $0.what.contains("edition") })
    #expect(verification.summary?.targets == 36)
    #expect(verification.summary?.count(.cancelled) == 32)
  }

  @Test func `the bundle of the first edition is read and reported`() throws {
    let reader = try RunReader(path: Self.bundle)
    #expect(reader.evidence.journal.runID == "edition-1")
    var rows = 0
    try reader.writeCSV(only: [.cancelled]) { _ in
      rows += 1
      return true
    }
    #expect(rows == 33)
    var cursor = try reader.evidence.entries()
    let first = try #require(try cursor.next())
    let found = try ReportFinder(secret: first.entry.target.secretID, in: Self.bundle)
    #expect(found.reports.contains(reader.evidence.report(on: first)))
  }
}
