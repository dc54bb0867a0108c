internal import Cryptography
internal import RotationCore

/// Gives each target a report path of its own, also where file names differ in case alone.
///
/// Remembers 128 bits of SHA-256 for each path: at most 64 bytes a target, and no two different
/// paths are ever taken for one. The order of the calls decides who keeps the plain path.
struct ReportPaths {
  /// Pairs of words; a pair of zeros is free.
  private var table: ContiguousArray<UInt64>
  private let mask: Int

  init(targets: Int) {
    var capacity = 64
    while capacity < targets * 2 { capacity *= 2 }
    table = ContiguousArray(repeating: 0, count: capacity * 2)
    mask = capacity - 1
  }

  /// - Throws: when the plan would lead outside the folder of reports.
  mutating func path(of entry: PlanEntry) throws(EvidenceError) -> String {
    let plain = SecretReport.path(of: entry)
    var path = plain
    if !insert(plain) {
      path = SecretReport.path(of: entry, distinct: true)
      guard insert(path) else {
        throw .refused("the report of target \(entry.target.ordinal) has no path of its own")
      }
    }
    if let problem = SafePath.problem(of: path) {
      throw .refused("the report of target \(entry.target.ordinal) would have \(problem)")
    }
    return path
  }

  private mutating func insert(_ path: String) -> Bool {
    // Paths are ASCII; one that differs in case alone would be lost on macOS and Windows.
    let digest = SHA256.hash(path.lowercased()).bytes
    var words: (UInt64, UInt64) = (0, 0)
    for index in 0..<8 {
      words.0 = words.0 << 8 | UInt64(digest[index])
      words.1 = words.1 << 8 | UInt64(digest[index + 8])
    }
    var slot = Int(truncatingIfNeeded: words.0) & mask
    while table[slot * 2] != 0 || table[slot * 2 + 1] != 0 {
      if table[slot * 2] == words.0, table[slot * 2 + 1] == words.1 { return false }
      slot = (slot + 1) & mask
    }
    table[slot * 2] = words.0
    table[slot * 2 + 1] = words.1
    return true
  }
}
