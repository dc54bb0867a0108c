/// How the lines of a plan guard themselves against edits.
///
/// Every line ends with a `check`, eight bytes of the SHA-256 of the line without it, so that a
/// changed line can be named. The last line is the seal: the number of targets and the SHA-256 of
/// everything before it, so that no line is added, dropped or moved unseen. Neither is a
/// signature: whoever makes a whole new plan makes a sound one.
package struct PlanLines: Sendable {
  private let hash: @Sendable ([UInt8]) -> String

  /// - Parameter hash: SHA-256 in lower-case hexadecimal; this module has no hash of its own.
  package init(hash: @escaping @Sendable ([UInt8]) -> String) { self.hash = hash }

  private static let prefix = Array(#","check":""#.utf8)
  private static let suffix = Array(#""}"#.utf8)
  private static let digits = 16
  private static let length = prefix.count + digits + suffix.count

  /// A record's line with its check, without a newline.
  ///
  /// - `record`: an object with at least one member.
  package func line(of record: JSONValue) -> [UInt8] {
    var bytes = record.compactBytes
    let check = hash(bytes).utf8.prefix(PlanLines.digits)
    bytes.removeLast()
    bytes.append(contentsOf: PlanLines.prefix)
    bytes.append(contentsOf: check)
    bytes.append(contentsOf: PlanLines.suffix)
    return bytes
  }

  /// Whether a line is as it was written.
  package func isIntact(_ line: [UInt8]) -> Bool {
    guard line.count > PlanLines.length, line.suffix(2).elementsEqual(PlanLines.suffix) else {
      return false
    }
    let start = line.count - PlanLines.length
    let tail = line[start...]
    guard tail.starts(with: PlanLines.prefix) else { return false }
    let check = tail.dropFirst(PlanLines.prefix.count).prefix(PlanLines.digits)
    return hash(line[..<start] + [UInt8(ascii: "}")]).utf8.prefix(PlanLines.digits)
      .elementsEqual(check)
  }

  /// The last line of a plan.
  package struct Seal: Sendable, Hashable {
    package let targets: Int
    /// Of all bytes before the seal's line, in hexadecimal.
    package let sha256: String

    package init(targets: Int, sha256: String) {
      self.targets = targets
      self.sha256 = sha256
    }

    package var record: JSONValue {
      ["type": "seal", "targets": JSONValue(targets), "sha256": .string(sha256)]
    }

    private static let start = Array(#"{"type":"seal","#.utf8)

    /// - Returns: nil for any other line.
    package init?(line: [UInt8]) {
      guard line.starts(with: Seal.start), let value = try? JSONValue(parsing: line),
        let targets = value["targets"]?.int, let sha256 = value["sha256"]?.string
      else { return nil }
      self.init(targets: targets, sha256: sha256)
    }
  }
}
