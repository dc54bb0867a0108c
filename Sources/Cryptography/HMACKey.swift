internal import COpenSSL

/// A key for HMAC-SHA-256 (RFC 2104) that is taken in once and then signs any number of texts.
///
/// Holds the states of the two hashes after their padded key, which spares each signature two
/// blocks and the look-up of the algorithm. They are only copied after `init`, so that any thread
/// may sign; libcrypto wipes them when the key is let go.
package final class HMACKey: @unchecked Sendable {
  private let inner: OpaquePointer
  private let outer: OpaquePointer

  /// The size of a block of SHA-256, in bytes.
  private static let blockBytes = 64

  package init(_ key: SecretBytes) {
    var block = [UInt8](repeating: 0, count: HMACKey.blockBytes)
    key.withBytes { bytes in
      if bytes.count > HMACKey.blockBytes {
        block.replaceSubrange(0..<32, with: SHA256.hash(bytes).bytes)
      } else {
        block.replaceSubrange(0..<bytes.count, with: bytes)
      }
    }
    inner = HMACKey.state(&block, padding: 0x36)
    outer = HMACKey.state(&block, padding: 0x5C)
    block.withUnsafeMutableBytes { OPENSSL_cleanse($0.baseAddress, $0.count) }
  }

  deinit {
    EVP_MD_CTX_free(inner)
    EVP_MD_CTX_free(outer)
  }

  private static func state(_ block: inout [UInt8], padding: UInt8) -> OpaquePointer {
    guard let context = EVP_MD_CTX_new(), EVP_DigestInit_ex(context, SHA256.algorithm, nil) == 1
    else { preconditionFailure("libcrypto offers no SHA-256") }
    for index in block.indices { block[index] ^= padding }
    precondition(EVP_DigestUpdate(context, block, block.count) == 1)
    for index in block.indices { block[index] ^= padding }
    return context
  }

  /// - Returns: 64 lower-case hexadecimal digits.
  package func hex(_ message: [UInt8]) -> String {
    var digest = [UInt8](repeating: 0, count: 32)
    var length: UInt32 = 32
    guard let context = EVP_MD_CTX_new() else { preconditionFailure("no memory for a hash") }
    defer { EVP_MD_CTX_free(context) }
    precondition(
      EVP_MD_CTX_copy_ex(context, inner) == 1
        && EVP_DigestUpdate(context, message, message.count) == 1
        && EVP_DigestFinal_ex(context, &digest, &length) == 1
        && EVP_MD_CTX_copy_ex(context, outer) == 1
        && EVP_DigestUpdate(context, digest, digest.count) == 1
        && EVP_DigestFinal_ex(context, &digest, &length) == 1 && length == 32,
      "libcrypto refuses an HMAC")
    return Hex.text(digest)
  }
}
