internal import COpenSSL

/// Random bytes from libcrypto's generator, and what is made of them.
package enum SecureRandom {
  package static func bytes(_ count: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    precondition(RAND_bytes(&bytes, Int32(count)) == 1, "no random bytes from libcrypto")
    return bytes
  }

  /// A version 4 UUID (RFC 9562) in lower case.
  package static func uuid() -> String {
    var raw = bytes(16)
    raw[6] = raw[6] & 0x0F | 0x40
    raw[8] = raw[8] & 0x3F | 0x80
    var text = Hex.text(raw)
    for place in [20, 16, 12, 8] {
      text.insert("-", at: text.utf8.index(text.startIndex, offsetBy: place))
    }
    return text
  }
}

/// Bytes that must not outlive their use, such as a private key or a passphrase: wiped when the
/// last owner lets go, never printed.
package final class SecretBytes: Sendable, CustomStringConvertible {
  /// Written once in `init` and wiped in `deinit`; only read in between.
  nonisolated(unsafe) private let storage: UnsafeMutableRawBufferPointer

  /// Copies the bytes; wiping the source is the caller's part.
  package init(_ bytes: some Collection<UInt8>) {
    storage = .allocate(byteCount: max(1, bytes.count), alignment: 1)
    count = bytes.count
    storage.copyBytes(from: bytes)
  }

  package let count: Int

  deinit {
    OPENSSL_cleanse(storage.baseAddress, storage.count)
    storage.deallocate()
  }

  /// Lends the bytes; they must not leave the closure.
  package func withBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
    try body(UnsafeRawBufferPointer(start: storage.baseAddress, count: count))
  }

  package var description: String { "<redacted>" }
}
