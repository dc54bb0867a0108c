internal import COpenSSL
internal import Glibc

/// Why a key cannot be read, made, written or used.
package struct KeyError: Error, Sendable, Hashable, CustomStringConvertible {
  /// A sentence without a final stop.
  package let what: String
  package init(what: String) { self.what = what }
  package var description: String { what }
}

/// A private Ed25519 key (RFC 8032), for sealing evidence.
///
/// The key is immutable once read, which libcrypto documents as safe to share between threads; its
/// memory is cleansed by libcrypto when the last owner lets go.
package final class SigningKey: Sendable {
  /// Never written after `init`, freed in `deinit`.
  nonisolated(unsafe) private let key: OpaquePointer

  /// Reads an unencrypted PKCS#8 PEM, as `openssl genpkey -algorithm ed25519` writes it.
  package init(pem: SecretBytes) throws(KeyError) {
    guard let key = PEM.readPrivate(pem) else {
      throw KeyError(what: "not an unencrypted private key in PEM form (PKCS#8)")
    }
    guard EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519 else {
      EVP_PKEY_free(key)
      throw KeyError(what: "a private key of another kind than Ed25519")
    }
    self.key = key
  }

  private init(adopting key: OpaquePointer) { self.key = key }

  deinit { EVP_PKEY_free(key) }

  /// Reads a key file of at most 64 KiB; the bytes that were read are wiped.
  package convenience init(path: String) throws(KeyError) {
    try self.init(pem: try PEM.readFile(path))
  }

  /// A new key from libcrypto's random generator.
  package static func generate() throws(KeyError) -> SigningKey {
    guard let context = EVP_PKEY_CTX_new_id(EVP_PKEY_ED25519, nil) else {
      throw KeyError(what: "libcrypto offers no Ed25519")
    }
    defer { EVP_PKEY_CTX_free(context) }
    var key: OpaquePointer?
    guard EVP_PKEY_keygen_init(context) == 1, EVP_PKEY_keygen(context, &key) == 1, let key else {
      throw KeyError(what: "libcrypto could not make an Ed25519 key")
    }
    return SigningKey(adopting: key)
  }

  /// The key as PKCS#8 PEM, not encrypted.
  package func pem() throws(KeyError) -> SecretBytes {
    try PEM.text(secret: true) { PEM_write_bio_PKCS8PrivateKey($0, key, nil, nil, 0, nil, nil) }
  }

  /// Writes the PEM into a new file with mode 0600; a file that exists is not touched.
  package func write(to path: String) throws(KeyError) {
    let text = try pem()
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw PEM.last("cannot make \(path)") }
    let count = text.withBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
    let flushed = fsync(descriptor)
    close(descriptor)
    guard count == text.count, flushed == 0 else {
      unlink(path)
      throw PEM.last("cannot write \(path)")
    }
  }

  package var verifyingKey: VerifyingKey {
    get throws(KeyError) {
      let text = try PEM.text(secret: false) { PEM_write_bio_PUBKEY($0, key) }
      return try VerifyingKey(pem: text.withBytes { [UInt8]($0) })
    }
  }

  /// The 64 bytes of a pure Ed25519 signature; `openssl pkeyutl -verify -rawin` accepts them.
  package func sign(_ message: UnsafeRawBufferPointer) throws(KeyError) -> [UInt8] {
    guard let context = EVP_MD_CTX_new() else { throw KeyError(what: "no memory to sign") }
    defer { EVP_MD_CTX_free(context) }
    var signature = [UInt8](repeating: 0, count: 64)
    var length = signature.count
    let start = message.baseAddress?.assumingMemoryBound(to: UInt8.self)
    guard EVP_DigestSignInit(context, nil, nil, nil, key) == 1,
      EVP_DigestSign(context, &signature, &length, start, message.count) == 1, length == 64
    else { throw KeyError(what: "libcrypto refused to sign") }
    return signature
  }

  package func sign(_ message: [UInt8]) throws(KeyError) -> [UInt8] {
    let result = message.withUnsafeBytes { raw in
      Result { () throws(KeyError) in try sign(raw) }
    }
    return try result.get()
  }
}

/// A public Ed25519 key, for checking seals.
package final class VerifyingKey: Sendable {
  /// Never written after `init`, freed in `deinit`.
  nonisolated(unsafe) private let key: OpaquePointer

  /// Reads a SubjectPublicKeyInfo PEM, as `openssl pkey -pubout` writes it.
  package init(pem: [UInt8]) throws(KeyError) {
    // The stream reads the array's own memory, so it must not outlive the closure.
    let found = pem.withUnsafeBytes { raw -> OpaquePointer? in
      guard let source = BIO_new_mem_buf(raw.baseAddress, Int32(clamping: raw.count)) else {
        return nil
      }
      defer { BIO_free(source) }
      return PEM_read_bio_PUBKEY(source, nil, nil, nil)
    }
    guard let key = found else {
      ERR_clear_error()
      throw KeyError(what: "not a public key in PEM form")
    }
    guard EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519 else {
      EVP_PKEY_free(key)
      throw KeyError(what: "a public key of another kind than Ed25519")
    }
    self.key = key
  }

  deinit { EVP_PKEY_free(key) }

  /// Reads a key file of at most 64 KiB.
  package convenience init(path: String) throws(KeyError) {
    try self.init(pem: try PEM.readFile(path).withBytes { [UInt8]($0) })
  }

  /// The key as SubjectPublicKeyInfo PEM.
  package func pem() throws(KeyError) -> [UInt8] {
    try PEM.text(secret: false) { PEM_write_bio_PUBKEY($0, key) }.withBytes { [UInt8]($0) }
  }

  package func accepts(_ signature: [UInt8], of message: UnsafeRawBufferPointer) -> Bool {
    guard signature.count == 64, let context = EVP_MD_CTX_new() else { return false }
    defer { EVP_MD_CTX_free(context) }
    let start = message.baseAddress?.assumingMemoryBound(to: UInt8.self)
    let accepted =
      EVP_DigestVerifyInit(context, nil, nil, nil, key) == 1
      && EVP_DigestVerify(context, signature, signature.count, start, message.count) == 1
    ERR_clear_error()
    return accepted
  }

  package func accepts(_ signature: [UInt8], of message: [UInt8]) -> Bool {
    message.withUnsafeBytes { accepts(signature, of: $0) }
  }
}

/// Moving keys between PEM text and libcrypto.
private enum PEM {
  static func last(_ action: String) -> KeyError {
    KeyError(what: "\(action): \(String(cString: strerror(errno)))")
  }

  static func readPrivate(_ pem: SecretBytes) -> OpaquePointer? {
    pem.withBytes { raw in
      guard let source = BIO_new_mem_buf(raw.baseAddress, Int32(clamping: raw.count)) else {
        return nil
      }
      defer { BIO_free(source) }
      // Without a callback of ours libcrypto would ask on the terminal for the passphrase.
      let key = PEM_read_bio_PrivateKey(source, nil, { _, _, _, _ in -1 }, nil)
      if key == nil { ERR_clear_error() }
      return key
    }
  }

  /// Collects what a writer puts into a memory stream; a secret goes through cleansed memory.
  static func text(
    secret: Bool, _ write: (OpaquePointer) -> Int32
  ) throws(KeyError) -> SecretBytes {
    guard let stream = BIO_new(secret ? BIO_s_secmem() : BIO_s_mem()) else {
      throw KeyError(what: "no memory for a key")
    }
    defer { BIO_free(stream) }
    var buffer = [UInt8](repeating: 0, count: 4096)
    defer { OPENSSL_cleanse(&buffer, buffer.count) }
    guard write(stream) == 1 else { throw KeyError(what: "libcrypto could not write the key") }
    let count = BIO_read(stream, &buffer, Int32(buffer.count))
    guard count > 0, count < Int32(buffer.count) else {
      throw KeyError(what: "libcrypto wrote a key of unexpected size")
    }
    return SecretBytes(buffer[..<Int(count)])
  }

  static func readFile(_ path: String) throws(KeyError) -> SecretBytes {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw last("cannot read \(path)") }
    defer { close(descriptor) }
    var buffer = [UInt8](repeating: 0, count: 64 << 10)
    defer { OPENSSL_cleanse(&buffer, buffer.count) }
    var filled = 0
    while filled < buffer.count {
      let part = buffer.withUnsafeMutableBytes { raw in
        Glibc.read(descriptor, raw.baseAddress?.advanced(by: filled), raw.count - filled)
      }
      if part < 0, errno == EINTR { continue }
      guard part >= 0 else { throw last("cannot read \(path)") }
      if part == 0 { return SecretBytes(buffer[..<filled]) }
      filled += part
    }
    throw KeyError(what: "\(path) is too large for a key")
  }
}
