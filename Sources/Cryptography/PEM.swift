internal import COpenSSL
internal import Glibc

/// Why a key cannot be read, made, written or used.
package struct KeyError: Error, Sendable, Hashable, CustomStringConvertible {
  /// A sentence without a final stop.
  package let what: String
  /// Whether the key may be good and only its passphrase is missing or wrong.
  package let needsPassphrase: Bool

  package init(what: String, needsPassphrase: Bool = false) {
    self.what = what
    self.needsPassphrase = needsPassphrase
  }
  package var description: String { what }
}

/// Moving keys between PEM text and libcrypto.
enum PEM {
  static func last(_ action: String) -> KeyError {
    KeyError(what: "\(action): \(String(cString: strerror(errno)))")
  }

  /// libcrypto's own words about its last failure, and an empty list of failures.
  static func reason() -> String {
    let code = ERR_peek_last_error()
    ERR_clear_error()
    guard code != 0, let text = ERR_reason_error_string(code) else { return "no reason given" }
    return String(cString: text)
  }

  /// Lends a stream over bytes in memory.
  static func withStream<R>(_ bytes: UnsafeRawBufferPointer, _ body: (OpaquePointer) -> R?) -> R? {
    guard let source = BIO_new_mem_buf(bytes.baseAddress, Int32(clamping: bytes.count)) else {
      return nil
    }
    defer { BIO_free(source) }
    return body(source)
  }

  /// Reads a private key of any kind.
  ///
  /// - Throws: ``KeyError``; it asks for a passphrase where the text is encrypted and none is given.
  static func readPrivate(_ pem: SecretBytes, passphrase: SecretBytes?) throws(KeyError)
    -> OpaquePointer
  {
    let key = pem.withBytes { raw in
      withStream(raw) { source in
        guard let passphrase else {
          // Without a callback of ours libcrypto would ask on the terminal for the passphrase.
          return PEM_read_bio_PrivateKey(source, nil, { _, _, _, _ in -1 }, nil)
        }
        return passphrase.withTerminated { word in
          PEM_read_bio_PrivateKey(source, nil, nil, UnsafeMutableRawPointer(mutating: word))
        }
      }
    }
    ERR_clear_error()
    if let key { return key }
    guard pem.contains("ENCRYPTED") else {
      throw KeyError(what: "not a private key in PEM form (PKCS#8)")
    }
    throw KeyError(
      what: passphrase == nil
        ? "the key is protected by a passphrase" : "the passphrase does not open the key",
      needsPassphrase: true)
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

  /// A file of at most 64 KiB; the bytes that were read are wiped.
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

  /// Writes into a new file; a file that exists is not touched.
  static func writeFile(_ text: SecretBytes, to path: String, mode: UInt32) throws(KeyError) {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode)
    guard descriptor >= 0 else { throw last("cannot make \(path)") }
    let count = text.withBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
    let flushed = fsync(descriptor)
    close(descriptor)
    guard count == text.count, flushed == 0 else {
      unlink(path)
      throw last("cannot write \(path)")
    }
  }
}

extension SecretBytes {
  /// Reads a passphrase from a file of at most 64 KiB: its first line, without the line's end.
  package static func passphrase(file path: String) throws(KeyError) -> SecretBytes {
    let line = try PEM.readFile(path).withBytes { raw -> SecretBytes in
      SecretBytes(raw.prefix { $0 != 0x0A && $0 != 0x0D })
    }
    guard line.count > 0 else { throw KeyError(what: "\(path) begins with an empty line") }
    guard !line.withBytes({ $0.contains(0) }), line.count <= 1024 else {
      throw KeyError(what: "\(path) holds no passphrase: a NUL or more than 1024 bytes")
    }
    return line
  }

  /// Lends the bytes with a NUL after them, as C wants them; the copy is wiped.
  package func withTerminated<R>(_ body: (UnsafePointer<CChar>) throws -> R) rethrows -> R {
    let copy = UnsafeMutablePointer<CChar>.allocate(capacity: count + 1)
    defer {
      OPENSSL_cleanse(copy, count + 1)
      copy.deallocate()
    }
    withBytes { raw in
      for (index, byte) in raw.enumerated() { copy[index] = CChar(bitPattern: byte) }
    }
    copy[count] = 0
    return try body(copy)
  }

  /// Whether an ASCII text stands anywhere in the bytes.
  func contains(_ text: String) -> Bool {
    let wanted = Array(text.utf8)
    return withBytes { raw in
      guard raw.count >= wanted.count else { return false }
      return (0...(raw.count - wanted.count)).contains { start in
        raw[start..<(start + wanted.count)].elementsEqual(wanted)
      }
    }
  }
}
