internal import COpenSSL
internal import Glibc

/// A private Ed25519 key (RFC 8032), for sealing evidence.
///
/// The key is immutable once read, which libcrypto documents as safe to share between threads; its
/// memory is cleansed by libcrypto when the last owner lets go.
package final class SigningKey: Sendable {
  /// Never written after `init`, freed in `deinit`.
  nonisolated(unsafe) private let key: OpaquePointer

  /// Reads PKCS#8 PEM, as `openssl genpkey -algorithm ed25519` writes it, or OpenSSH's own form.
  ///
  /// - `passphrase`: of an encrypted key; one that is not encrypted needs none.
  package init(pem: SecretBytes, passphrase: SecretBytes? = nil) throws(KeyError) {
    if pem.contains(OpenSSHKey.header) {
      key = try OpenSSHKey.readPrivate(pem)
      return
    }
    let key = try PEM.readPrivate(pem, passphrase: passphrase)
    guard EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519 else {
      EVP_PKEY_free(key)
      throw KeyError(what: "a private key of another kind than Ed25519")
    }
    self.key = key
  }

  private init(adopting key: OpaquePointer) { self.key = key }

  deinit { EVP_PKEY_free(key) }

  /// Reads a key file of at most 64 KiB; the bytes that were read are wiped.
  package convenience init(path: String, passphrase: SecretBytes? = nil) throws(KeyError) {
    try self.init(pem: try PEM.readFile(path), passphrase: passphrase)
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

  /// How often PBKDF2 hashes a passphrase: a fraction of a second, for each guess too.
  private static let rounds: Int32 = 600_000

  /// The key as PKCS#8 PEM; with a passphrase encrypted by AES-256 under PBKDF2.
  package func pem(passphrase: SecretBytes? = nil) throws(KeyError) -> SecretBytes {
    guard let passphrase else {
      return try PEM.text(secret: true) {
        PEM_write_bio_PKCS8PrivateKey($0, key, nil, nil, 0, nil, nil)
      }
    }
    guard let plain = EVP_PKEY2PKCS8(key) else { throw KeyError(what: PEM.reason()) }
    defer { PKCS8_PRIV_KEY_INFO_free(plain) }
    let sealed = passphrase.withTerminated { word in
      PKCS8_encrypt(
        -1, EVP_aes_256_cbc(), word, Int32(passphrase.count), nil, 0, SigningKey.rounds, plain)
    }
    guard let sealed else { throw KeyError(what: PEM.reason()) }
    defer { X509_SIG_free(sealed) }
    return try PEM.text(secret: false) { PEM_write_bio_PKCS8($0, sealed) }
  }

  /// Writes the PEM into a new file with mode 0600; a file that exists is not touched.
  package func write(to path: String, passphrase: SecretBytes? = nil) throws(KeyError) {
    try PEM.writeFile(try pem(passphrase: passphrase), to: path, mode: 0o600)
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

  /// Reads a SubjectPublicKeyInfo PEM, as `openssl pkey -pubout` writes it, or an `ssh-ed25519` line.
  package init(pem: [UInt8]) throws(KeyError) {
    if let raw = try OpenSSHKey.publicBytes(ofLine: pem) {
      guard let key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nil, raw, raw.count) else {
        throw KeyError(what: PEM.reason())
      }
      self.key = key
      return
    }
    // The stream reads the array's own memory, so it must not outlive the closure. A private key
    // holds its public half too: without a callback of ours libcrypto would ask for its passphrase.
    let found = pem.withUnsafeBytes { raw in
      PEM.withStream(raw) { PEM_read_bio_PUBKEY($0, nil, { _, _, _, _ in -1 }, nil) }
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

  /// Writes the PEM into a new file; a file that exists is not touched.
  package func write(to path: String) throws(KeyError) {
    try PEM.writeFile(SecretBytes(try pem()), to: path, mode: 0o644)
  }

  /// SHA-256 of the SubjectPublicKeyInfo in DER, in hexadecimal.
  ///
  /// `openssl pkey -pubin -in FILE -outform DER | sha256sum` gives the same.
  package var fingerprint: String {
    get throws(KeyError) {
      var encoded: UnsafeMutablePointer<UInt8>?
      let count = i2d_PUBKEY(key, &encoded)
      guard count > 0, let encoded else { throw KeyError(what: PEM.reason()) }
      defer { CRYPTO_free(encoded, "", 0) }
      return SHA256.hash(UnsafeRawBufferPointer(start: encoded, count: Int(count))).hex
    }
  }

  /// `SHA256:` and base64, as `ssh-keygen -l` shows the same key.
  package var sshFingerprint: String {
    get throws(KeyError) {
      var raw = [UInt8](repeating: 0, count: 32)
      var count = raw.count
      guard EVP_PKEY_get_raw_public_key(key, &raw, &count) == 1, count == 32 else {
        throw KeyError(what: PEM.reason())
      }
      return "SHA256:" + Base64.text(SHA256.hash(OpenSSHKey.blob(raw)).bytes).filter { $0 != "=" }
    }
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
