internal import COpenSSL

/// A private EC key on the curve P-256, for the signatures that JSON Web Tokens call ES256.
///
/// The key is immutable once read, which libcrypto documents as safe to share between threads.
/// References: RFC 7518 section 3.4, RFC 7517.
package final class ES256Key: Sendable {
  /// Never written after `init`, freed in `deinit`.
  nonisolated(unsafe) private let key: OpaquePointer

  /// The coordinates of the public point, 32 bytes each.
  package let x: [UInt8]
  package let y: [UInt8]

  /// Reads an unencrypted PEM, PKCS#8 or the older `EC PRIVATE KEY`.
  package init(pem: SecretBytes) throws(KeyError) {
    let found = pem.withBytes { raw -> OpaquePointer? in
      guard let source = BIO_new_mem_buf(raw.baseAddress, Int32(clamping: raw.count)) else {
        return nil
      }
      defer { BIO_free(source) }
      // Without a callback of ours libcrypto would ask on the terminal for the passphrase.
      return PEM_read_bio_PrivateKey(source, nil, { _, _, _, _ in -1 }, nil)
    }
    ERR_clear_error()
    guard let found else {
      throw KeyError(what: "not an unencrypted private key in PEM form")
    }
    guard let point = ES256Key.publicPoint(of: found) else {
      EVP_PKEY_free(found)
      throw KeyError(what: "a private key of another kind than EC P-256")
    }
    key = found
    x = Array(point[1...32])
    y = Array(point[33...64])
  }

  deinit { EVP_PKEY_free(key) }

  /// The uncompressed point: 4, x, y; nil for keys of other kinds and curves.
  private static func publicPoint(of key: OpaquePointer) -> [UInt8]? {
    defer { ERR_clear_error() }
    var name = [CChar](repeating: 0, count: 32)
    guard EVP_PKEY_get_base_id(key) == EVP_PKEY_EC,
      EVP_PKEY_get_group_name(key, &name, name.count, nil) == 1,
      name.prefix(11).elementsEqual("prime256v1\0".utf8.map { CChar($0) })
    else { return nil }
    var encoded: UnsafeMutablePointer<UInt8>?
    let count = EVP_PKEY_get1_encoded_public_key(key, &encoded)
    guard let encoded else { return nil }
    defer { CRYPTO_free(encoded, "", 0) }
    guard count == 65, encoded[0] == 4 else { return nil }
    return Array(UnsafeBufferPointer(start: encoded, count: count))
  }

  /// The 64 bytes r and s of an ECDSA signature over the SHA-256 of a message.
  package func sign(_ message: [UInt8]) throws(KeyError) -> [UInt8] {
    guard let context = EVP_MD_CTX_new() else { throw KeyError(what: "no memory to sign") }
    defer {
      EVP_MD_CTX_free(context)
      ERR_clear_error()
    }
    // DER of two numbers of at most 33 bytes each.
    var encoded = [UInt8](repeating: 0, count: 80)
    var length = encoded.count
    guard EVP_DigestSignInit(context, nil, EVP_sha256(), nil, key) == 1,
      EVP_DigestSign(context, &encoded, &length, message, message.count) == 1,
      let signature = ES256Key.fixedWidth(encoded[..<length])
    else { throw KeyError(what: "libcrypto refused to sign") }
    return signature
  }

  /// `SEQUENCE { INTEGER r, INTEGER s }` as two numbers of 32 bytes; nil for anything else.
  private static func fixedWidth(_ encoded: ArraySlice<UInt8>) -> [UInt8]? {
    var rest = encoded
    func header(_ tag: UInt8) -> Int? {
      guard rest.popFirst() == tag, let length = rest.popFirst(), length < 0x80 else { return nil }
      return Int(length)
    }
    guard header(0x30) == rest.count else { return nil }
    var result: [UInt8] = []
    for _ in 0..<2 {
      guard let length = header(0x02), length <= rest.count else { return nil }
      let number = rest.prefix(length).drop { $0 == 0 }
      guard number.count <= 32 else { return nil }
      result += [UInt8](repeating: 0, count: 32 - number.count) + number
      rest = rest.dropFirst(length)
    }
    return rest.isEmpty ? result : nil
  }
}

/// Base64 in the alphabet of URLs, without padding (RFC 4648 section 5).
package enum Base64URL {
  package static func text(_ bytes: some Collection<UInt8>) -> String {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
    var result: [UInt8] = []
    var buffer: UInt32 = 0
    var bits: UInt32 = 0
    for byte in bytes {
      buffer = buffer << 8 | UInt32(byte)
      bits += 8
      while bits >= 6 {
        bits -= 6
        result.append(alphabet[Int(buffer >> bits & 63)])
      }
    }
    if bits > 0 { result.append(alphabet[Int(buffer << (6 - bits) & 63)]) }
    return String(decoding: result, as: UTF8.self)
  }
}
