/// Why a text is no place in S3.
package struct StorageLocationError: Error, Sendable, Hashable {
  /// A clause without a final stop.
  package let what: String
  package let hint: String
}

/// A bucket and the beginning of the keys in it, written `s3://bucket/prefix`.
package struct StorageLocation: Sendable, Hashable, CustomStringConvertible {
  package let bucket: String
  /// Without slashes at its ends; empty for the top of the bucket.
  package let prefix: String

  /// Reads `s3://bucket`, `s3://bucket/prefix` or the same with a slash at the end.
  package init(parsing text: String) throws(StorageLocationError) {
    let scheme = "s3://"
    guard text.lowercased().hasPrefix(scheme) else {
      throw StorageLocationError(
        what: "'\(text)' is no place in S3", hint: "write it as in s3://bucket/prefix")
    }
    let rest = text.dropFirst(scheme.count)
    let bucket = rest.prefix { $0 != "/" }
    guard !bucket.hasPrefix("arn:") else {
      throw StorageLocationError(
        what: "access points are not supported", hint: "name the bucket itself")
    }
    guard StorageLocation.isBucket(bucket) else {
      throw StorageLocationError(
        what: "'\(bucket)' is not the name of a bucket",
        hint: "3 to 63 lower-case letters, digits, dots and hyphens")
    }
    var prefix = rest.dropFirst(bucket.count + 1)
    while prefix.hasPrefix("/") { prefix.removeFirst() }
    while prefix.hasSuffix("/") { prefix.removeLast() }
    guard prefix.utf8.count <= 800, !prefix.unicodeScalars.contains(where: { $0.value < 0x20 })
    else {
      throw StorageLocationError(
        what: "the prefix is too long or holds control characters",
        hint: "use at most 800 bytes of printable text")
    }
    self.bucket = String(bucket)
    self.prefix = String(prefix)
  }

  package var description: String { prefix.isEmpty ? "s3://\(bucket)" : "s3://\(bucket)/\(prefix)" }

  package func key(of name: String) -> String { prefix.isEmpty ? name : "\(prefix)/\(name)" }

  /// The rules for general purpose buckets.
  ///
  /// Source: Amazon S3 User Guide, "General purpose bucket naming rules".
  static func isBucket(_ name: Substring) -> Bool {
    let bytes = Array(name.utf8)
    func isAlphanumeric(_ byte: UInt8) -> Bool {
      (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte)
    }
    guard (3...63).contains(bytes.count), let first = bytes.first, let last = bytes.last,
      isAlphanumeric(first), isAlphanumeric(last),
      bytes.allSatisfy({ isAlphanumeric($0) || $0 == 0x2D || $0 == 0x2E })
    else { return false }
    return !name.contains("..") && !HostName.isIPv4(name)
  }
}
