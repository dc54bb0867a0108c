internal import COpenSSL

/// A SHA-256 digest: 32 bytes, compared and printed as such.
///
/// Reference: FIPS 180-4; OpenSSL, EVP_DigestInit(3).
package struct SHA256Digest: Sendable, Hashable, CustomStringConvertible {
  /// Always 32 bytes.
  package let bytes: [UInt8]

  /// - Returns: nil unless there are exactly 32 bytes.
  package init?(bytes: [UInt8]) {
    guard bytes.count == 32 else { return nil }
    self.bytes = bytes
  }

  fileprivate init(unchecked bytes: [UInt8]) { self.bytes = bytes }

  /// Reads 64 hexadecimal digits of either case.
  package init?(hex: String) {
    guard let bytes = Hex.bytes(hex), bytes.count == 32 else { return nil }
    self.bytes = bytes
  }

  /// 64 lower-case hexadecimal digits.
  package var hex: String { Hex.text(bytes) }
  package var description: String { hex }

  /// What a hash chain starts from: 32 zero bytes.
  package static let zero = SHA256Digest(unchecked: [UInt8](repeating: 0, count: 32))
}

/// SHA-256 over bytes that come in pieces.
package struct SHA256: ~Copyable {
  private let context: OpaquePointer

  /// Fetched once: looking an algorithm up costs more than hashing a short text.
  nonisolated(unsafe) static let algorithm = EVP_MD_fetch(nil, "SHA256", nil)

  package init() {
    guard let context = EVP_MD_CTX_new(), EVP_DigestInit_ex(context, SHA256.algorithm, nil) == 1
    else { preconditionFailure("libcrypto offers no SHA-256") }
    self.context = context
  }

  deinit { EVP_MD_CTX_free(context) }

  package mutating func update(_ bytes: UnsafeRawBufferPointer) {
    guard bytes.count > 0 else { return }
    precondition(EVP_DigestUpdate(context, bytes.baseAddress, bytes.count) == 1)
  }

  package mutating func update(_ bytes: [UInt8]) {
    bytes.withUnsafeBytes { update($0) }
  }

  /// The digest of all that was given so far; the hash starts anew afterwards.
  package mutating func finish() -> SHA256Digest {
    var digest = [UInt8](repeating: 0, count: 32)
    var length: UInt32 = 32
    precondition(EVP_DigestFinal_ex(context, &digest, &length) == 1 && length == 32)
    precondition(EVP_DigestInit_ex(context, SHA256.algorithm, nil) == 1)
    return SHA256Digest(unchecked: digest)
  }

  /// The digest of all that was given so far; the hash goes on.
  package func soFar() -> SHA256Digest {
    let copy = SHA256()
    precondition(EVP_MD_CTX_copy_ex(copy.context, context) == 1)
    var digest = [UInt8](repeating: 0, count: 32)
    var length: UInt32 = 32
    precondition(EVP_DigestFinal_ex(copy.context, &digest, &length) == 1 && length == 32)
    return SHA256Digest(unchecked: digest)
  }

  package static func hash(_ bytes: UnsafeRawBufferPointer) -> SHA256Digest {
    var hash = SHA256()
    hash.update(bytes)
    return hash.finish()
  }

  package static func hash(_ bytes: [UInt8]) -> SHA256Digest {
    bytes.withUnsafeBytes { hash($0) }
  }

  package static func hash(_ text: String) -> SHA256Digest { hash(Array(text.utf8)) }
}

/// Hexadecimal text.
package enum Hex {
  /// Lower case, two digits a byte.
  package static func text(_ bytes: some Collection<UInt8>) -> String {
    String(unsafeUninitializedCapacity: bytes.count * 2) { text in
      var end = 0
      for byte in bytes {
        text[end] = digit(byte >> 4)
        text[end + 1] = digit(byte & 15)
        end += 2
      }
      return end
    }
  }

  private static func digit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") - 10 + value
  }

  /// - Returns: nil for an odd length or another character.
  package static func bytes(_ text: String) -> [UInt8]? {
    let source = Array(text.utf8)
    guard source.count.isMultiple(of: 2) else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(source.count / 2)
    for index in stride(from: 0, to: source.count, by: 2) {
      guard let high = Character(UnicodeScalar(source[index])).hexDigitValue,
        let low = Character(UnicodeScalar(source[index + 1])).hexDigitValue
      else { return nil }
      bytes.append(UInt8(high << 4 | low))
    }
    return bytes
  }
}
