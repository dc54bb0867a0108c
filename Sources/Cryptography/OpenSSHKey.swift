internal import COpenSSL

/// Ed25519 keys as OpenSSH keeps them.
///
/// References: OpenSSH, PROTOCOL.key; RFC 4253 section 6.6; RFC 8709.
enum OpenSSHKey {
  static let header = "-----BEGIN OPENSSH PRIVATE KEY-----"
  private static let footer = "-----END OPENSSH PRIVATE KEY-----"
  private static let kind = Array("ssh-ed25519".utf8)

  /// Reads an unencrypted private key.
  ///
  /// - Throws: for an encrypted one too: its key is derived by bcrypt, which libcrypto does not
  ///   offer.
  static func readPrivate(_ text: SecretBytes) throws(KeyError) -> OpaquePointer {
    let damaged = KeyError(what: "a damaged OpenSSH private key")
    guard let content = body(of: text) else { throw damaged }
    var reader = Reader(content)
    guard reader.take(15) == Array("openssh-key-v1\0".utf8), let cipher = reader.string(),
      reader.string() != nil, reader.string() != nil, let count = reader.number()
    else { throw damaged }
    guard cipher == Array("none".utf8) else {
      throw KeyError(
        what: "an OpenSSH key under a passphrase cannot be opened here (bcrypt is not in OpenSSL); "
          + "make an unencrypted copy with `ssh-keygen -p -N '' -f COPY`, or a key with "
          + "`rotactl keys new`")
    }
    guard count == 1, let blob = reader.string(), let secret = reader.string() else {
      throw damaged
    }
    var inner = Reader(secret)
    guard let first = inner.number(), inner.number() == first, let name = inner.string() else {
      throw damaged
    }
    guard name == kind else {
      throw KeyError(
        what: "an OpenSSH key of kind \(String(decoding: name, as: UTF8.self)), not ssh-ed25519")
    }
    guard let shown = inner.string(), shown.count == 32, let pair = inner.string(),
      pair.count == 64, Array(pair[32...]) == shown, blob == OpenSSHKey.blob(shown)
    else { throw damaged }
    let seed = SecretBytes(pair[..<32])
    let key = seed.withBytes { raw in
      EVP_PKEY_new_raw_private_key(
        EVP_PKEY_ED25519, nil, raw.bindMemory(to: UInt8.self).baseAddress, raw.count)
    }
    guard let key else { throw KeyError(what: PEM.reason()) }
    var derived = [UInt8](repeating: 0, count: 32)
    var length = derived.count
    guard EVP_PKEY_get_raw_public_key(key, &derived, &length) == 1, derived == shown else {
      EVP_PKEY_free(key)
      throw damaged
    }
    return key
  }

  /// The 32 bytes of an `ssh-ed25519 AAAA... comment` line; nil for a text that begins otherwise.
  static func publicBytes(ofLine text: [UInt8]) throws(KeyError) -> [UInt8]? {
    guard text.starts(with: Array("ssh-".utf8)) || text.starts(with: Array("ecdsa-".utf8)) else {
      return nil
    }
    let words = text.prefix { $0 != 0x0A && $0 != 0x0D }.split(separator: 0x20)
    guard words[0].elementsEqual(kind) else {
      throw KeyError(what: "an OpenSSH key of another kind than ssh-ed25519")
    }
    guard words.count >= 2, let content = Base64.bytes(Array(words[1])) else {
      throw KeyError(what: "a damaged ssh-ed25519 line")
    }
    var reader = Reader(content)
    guard reader.string() == kind, let raw = reader.string(), raw.count == 32 else {
      throw KeyError(what: "a damaged ssh-ed25519 line")
    }
    return raw
  }

  /// The wire form of a public key.
  static func blob(_ raw: [UInt8]) -> [UInt8] { field(kind) + field(raw) }

  private static func field(_ bytes: [UInt8]) -> [UInt8] {
    let count = UInt32(bytes.count)
    return [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: count >> $0) } + bytes
  }

  private static func body(of text: SecretBytes) -> [UInt8]? {
    text.withBytes { raw in
      let lines = raw.split { $0 == 0x0A || $0 == 0x0D }.map { Array($0) }
      guard let start = lines.firstIndex(of: Array(header.utf8)),
        let end = lines.firstIndex(of: Array(footer.utf8)), start < end
      else { return nil }
      return Base64.bytes(lines[(start + 1)..<end].flatMap { $0 })
    }
  }

  /// Reads big-endian numbers and strings with their length before them.
  private struct Reader {
    private var rest: ArraySlice<UInt8>
    init(_ bytes: [UInt8]) { rest = bytes[...] }

    mutating func take(_ count: Int) -> [UInt8]? {
      guard count <= rest.count else { return nil }
      defer { rest = rest.dropFirst(count) }
      return Array(rest.prefix(count))
    }

    mutating func number() -> Int? {
      take(4).map { $0.reduce(0) { $0 << 8 | Int($1) } }
    }

    mutating func string() -> [UInt8]? { number().flatMap { take($0) } }
  }
}

/// Base64 with padding and without line ends (RFC 4648 section 4).
package enum Base64 {
  package static func text(_ bytes: [UInt8]) -> String {
    var output = [UInt8](repeating: 0, count: (bytes.count + 2) / 3 * 4 + 1)
    let count = EVP_EncodeBlock(&output, bytes, Int32(bytes.count))
    return String(decoding: output[..<Int(count)], as: UTF8.self)
  }

  /// - Returns: nil for anything but whole groups of four.
  package static func bytes(_ text: [UInt8]) -> [UInt8]? {
    guard !text.isEmpty, text.count.isMultiple(of: 4), text.count < 1 << 24 else { return nil }
    var output = [UInt8](repeating: 0, count: text.count / 4 * 3)
    let count = EVP_DecodeBlock(&output, text, Int32(text.count))
    let padding = text.suffix(2).count { $0 == UInt8(ascii: "=") }
    guard count == Int32(output.count) else {
      ERR_clear_error()
      return nil
    }
    return Array(output.dropLast(padding))
  }
}
