internal import COpenSSL

/// SHA-1, for the names of the AWS CLI's cache files and for nothing that needs to resist anyone.
///
/// Reference: OpenSSL, EVP_Q_digest(3).
package enum SHA1 {
  /// 40 lower-case hexadecimal digits.
  package static func hex(of text: String) -> String {
    let bytes = Array(text.utf8)
    var digest = [UInt8](repeating: 0, count: 20)
    var length = 20
    let code = bytes.withUnsafeBytes { raw in
      EVP_Q_digest(nil, "SHA1", nil, raw.baseAddress, raw.count, &digest, &length)
    }
    precondition(code == 1 && length == 20, "libcrypto offers no SHA-1")
    return Hex.text(digest)
  }
}
