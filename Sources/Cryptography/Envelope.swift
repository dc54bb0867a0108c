internal import COpenSSL
internal import Glibc

/// Somebody for whom an envelope can be sealed: a certificate, or a bare public key.
package final class Recipient: Sendable {
  /// Never written after `init`, freed in `deinit`.
  nonisolated(unsafe) fileprivate let certificate: OpaquePointer
  /// Whether the certificate is one of ours around a bare key, which only the key's hash names.
  fileprivate let isBare: Bool

  /// Reads a PEM file of at most 64 KiB: a certificate, or a public key (RSA or EC).
  package init(path: String) throws(KeyError) {
    let text = try PEM.readFile(path)
    let found = text.withBytes { raw in
      PEM.withStream(raw) { PEM_read_bio_X509($0, nil, { _, _, _, _ in -1 }, nil) }
    }
    if let found {
      certificate = found
      isBare = false
    } else {
      ERR_clear_error()
      let key = text.withBytes { raw in
        PEM.withStream(raw) { PEM_read_bio_PUBKEY($0, nil, { _, _, _, _ in -1 }, nil) }
      }
      guard let key else {
        ERR_clear_error()
        throw KeyError(what: "neither a certificate nor a public key in PEM form")
      }
      defer { EVP_PKEY_free(key) }
      certificate = try Recipient.wrap(key)
      isBare = true
    }
    let kind = X509_get0_pubkey(certificate).map { EVP_PKEY_get_base_id($0) }
    guard kind == EVP_PKEY_RSA || kind == EVP_PKEY_EC else {
      X509_free(certificate)
      throw KeyError(what: "nothing can be encrypted to a key of this kind; RSA and EC can")
    }
  }

  deinit { X509_free(certificate) }

  /// A certificate that says nothing but the key; CMS wants one to name a recipient.
  private static func wrap(_ key: OpaquePointer) throws(KeyError) -> OpaquePointer {
    guard let certificate = X509_new(), let name = X509_get_subject_name(certificate),
      let signer = throwawayKey()
    else { throw KeyError(what: PEM.reason()) }
    defer { EVP_PKEY_free(signer) }
    var hash = [UInt8](repeating: 0, count: 20)
    var count: UInt32 = 20
    let identifier = ASN1_OCTET_STRING_new()
    defer { ASN1_OCTET_STRING_free(identifier) }
    guard X509_set_version(certificate, 2) == 1,
      ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1) == 1,
      X509_gmtime_adj(X509_getm_notBefore(certificate), 0) != nil,
      X509_gmtime_adj(X509_getm_notAfter(certificate), 86_400) != nil,
      X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, "recipient", -1, -1, 0) == 1,
      X509_set_issuer_name(certificate, name) == 1, X509_set_pubkey(certificate, key) == 1,
      X509_pubkey_digest(certificate, EVP_sha1(), &hash, &count) == 1,
      ASN1_OCTET_STRING_set(identifier, hash, Int32(count)) == 1,
      X509_add1_ext_i2d(certificate, NID_subject_key_identifier, identifier, 0, 0) == 1,
      X509_sign(certificate, signer, nil) > 0
    else {
      X509_free(certificate)
      throw KeyError(what: PEM.reason())
    }
    return certificate
  }

  private static func throwawayKey() -> OpaquePointer? {
    guard let context = EVP_PKEY_CTX_new_id(EVP_PKEY_ED25519, nil) else { return nil }
    defer { EVP_PKEY_CTX_free(context) }
    var key: OpaquePointer?
    guard EVP_PKEY_keygen_init(context) == 1, EVP_PKEY_keygen(context, &key) == 1 else {
      return nil
    }
    return key
  }
}

/// The private half of a recipient's key.
package final class OpeningKey: Sendable {
  /// Never written after `init`, freed in `deinit`.
  nonisolated(unsafe) fileprivate let key: OpaquePointer

  /// Reads a PEM file of at most 64 KiB.
  package init(path: String, passphrase: SecretBytes? = nil) throws(KeyError) {
    key = try PEM.readPrivate(try PEM.readFile(path), passphrase: passphrase)
  }

  deinit { EVP_PKEY_free(key) }
}

/// Files in a CMS envelope (RFC 5652, RFC 5083): AES-256-GCM under keys for each recipient.
///
/// `openssl cms -decrypt -binary -inform DER -in FILE -inkey KEY` opens it.
package enum Envelope {
  /// Encrypts a file in pieces into a file that is made anew.
  package static func seal(
    _ source: String, to target: String, for recipients: [Recipient]
  ) throws(KeyError) {
    precondition(!recipients.isEmpty, "an envelope needs a recipient")
    let flags = UInt32(CMS_BINARY | CMS_STREAM | CMS_PARTIAL)
    guard let envelope = CMS_encrypt(nil, nil, EVP_aes_256_gcm(), flags) else {
      throw KeyError(what: PEM.reason())
    }
    defer { CMS_ContentInfo_free(envelope) }
    for recipient in recipients {
      let how = flags | (recipient.isBare ? UInt32(CMS_USE_KEYID) : 0)
      guard CMS_add1_recipient_cert(envelope, recipient.certificate, how) != nil else {
        throw KeyError(what: PEM.reason())
      }
    }
    guard let input = BIO_new_file(source, "rb") else {
      ERR_clear_error()
      throw PEM.last("cannot read \(source)")
    }
    defer { BIO_free(input) }
    guard let output = BIO_new_file(target, "wb") else {
      ERR_clear_error()
      throw PEM.last("cannot write \(target)")
    }
    let done = i2d_CMS_bio_stream(output, envelope, input, Int32(flags))
    let closed = BIO_free(output)
    guard done == 1, closed == 1 else {
      unlink(target)
      throw KeyError(what: "the envelope cannot be written: \(PEM.reason())")
    }
  }

  /// Whether a file begins as an envelope of these kinds does.
  package static func isEnvelope(_ head: [UInt8]) -> Bool {
    // SEQUENCE, of any length form, with an object identifier of CMS.
    guard head.count >= 16, head[0] == 0x30 else { return false }
    let start = head[1] < 0x80 || head[1] == 0x80 ? 2 : 2 + Int(head[1] & 0x7F)
    let identifiers: [[UInt8]] = [
      [0x06, 0x0B, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x09, 0x10, 0x01, 0x17],
      [0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, 0x03],
    ]
    return start < head.count && identifiers.contains { head[start...].starts(with: $0) }
  }

  /// Opens an envelope into a file that is made anew and removed again when anything is wrong.
  ///
  /// The envelope is held in memory as a whole. What is opened gets the process's usual mode, so
  /// the folder should be one that nobody else reads.
  package static func open(
    _ source: String, to target: String, with key: OpeningKey
  ) throws(KeyError) {
    guard let input = BIO_new_file(source, "rb") else {
      ERR_clear_error()
      throw PEM.last("cannot read \(source)")
    }
    defer { BIO_free(input) }
    guard let envelope = d2i_CMS_bio(input, nil) else {
      ERR_clear_error()
      throw KeyError(what: "not a whole CMS envelope")
    }
    defer { CMS_ContentInfo_free(envelope) }
    var next: UInt8 = 0
    guard BIO_read(input, &next, 1) <= 0 else {
      throw KeyError(what: "something follows the envelope")
    }
    guard let output = BIO_new_file(target, "wb") else {
      ERR_clear_error()
      throw PEM.last("cannot write \(target)")
    }
    let done = CMS_decrypt(envelope, key.key, nil, nil, output, UInt32(CMS_BINARY))
    let closed = BIO_free(output)
    guard done == 1, closed == 1 else {
      unlink(target)
      ERR_clear_error()
      throw KeyError(what: "the envelope does not open: another recipient's key, or it was changed")
    }
  }
}
