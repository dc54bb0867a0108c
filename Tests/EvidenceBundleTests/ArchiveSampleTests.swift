import Cryptography
import RotationCore
import TestSupport
import Testing

@testable import EvidenceBundle

/// Foreign archives are read as Python reads them, or refused; nothing is made of them.
@Suite(.enabled(if: Conformance.has("archive-samples"), "\(Conformance.absence)"))
struct ArchiveSampleTests {
  private struct Seen {
    var files: [String: String] = [:]
    var others = 0
    var isWhole = false
  }

  /// Entries for which Python is wrong, with the reason.
  private static let divergences = [
    // The file has 1,000 bytes, as GNU tar and bsdtar read it; Python adds the padding of its map.
    "go/tar/pax-nil-sparse-data.tar": "sparse.db"
  ]

  private func read(_ path: String) -> Seen {
    var seen = Seen()
    do throws(EvidenceError) {
      var archive = try ArchiveReader.open(path)
      while let entry = try archive.next() {
        guard let name = entry.path, entry.kind == .file, !entry.isSparse, !entry.isEncrypted else {
          seen.others += 1
          continue
        }
        var hash = SHA256()
        while let block = try archive.nextBlock() { hash.update(block) }
        seen.files[name] = hash.finish().hex
      }
      seen.isWhole = true
    } catch { seen.isWhole = false }
    return seen
  }

  @Test func `every plain file that is read has the bytes that Python reads`() throws {
    // Python writes bytes that are not UTF-8 as lone surrogates, which are not JSON; such names are
    // refused here anyway.
    let text = String(
      decoding: try Conformance.bytes("archive-samples/expected.json"), as: UTF8.self
    ).replacing(#"\ud"#, with: #"\u0"#)
    let archives = try #require(try JSONValue(parsing: text)["archives"]?.object)
    var compared = 0
    var whole = 0
    for (name, expected) in archives.members.map({ ($0.key, $0.value) }) {
      let seen = read(Conformance.path("archive-samples/" + name))
      if seen.isWhole { whole += 1 }
      for entry in expected["python"]?["entries"]?.array ?? [] {
        let isFile =
          entry["type"]?.string == "file" || entry["dir"] == false && entry["symlink"] == false
        guard isFile, let file = entry["name"]?.string,
          let hash = entry["sha256"]?.string, let ours = seen.files[file]
        else { continue }
        // The same name twice in one archive is one that no bundle has.
        let same = (expected["python"]?["entries"]?.array ?? []).count {
          $0["name"]?.string == file
        }
        guard same == 1 else { continue }
        guard Self.divergences[name] != file else {
          #expect(ours != hash, "\(name) is no divergence any more")
          continue
        }
        #expect(ours == hash, "\(name): \(file)")
        compared += 1
      }
    }
    #expect(archives.count >= 181)
    #expect(compared > 100, "\(compared) compared, \(whole) archives read to their end")
  }
}
