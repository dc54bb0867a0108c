internal import COpenSSL

/// HMAC-SHA-256 (RFC 2104).
package enum HMAC {
  /// - Returns: 32 bytes.
  package static func sha256(key: [UInt8], _ message: [UInt8]) -> [UInt8] {
    var result = [UInt8](repeating: 0, count: 32)
    var length: UInt32 = 0
    let done = OpenSSLHMAC.run(key, message, &result, &length)
    precondition(done && length == 32, "libcrypto offers no HMAC-SHA-256")
    return result
  }
}

private enum OpenSSLHMAC {
  static func run(
    _ key: [UInt8], _ message: [UInt8], _ result: inout [UInt8], _ length: inout UInt32
  ) -> Bool {
    COpenSSL.HMAC(
      EVP_sha256(), key, Int32(key.count), message, message.count, &result, &length) != nil
  }
}
