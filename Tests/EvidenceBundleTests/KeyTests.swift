import Cryptography
import Foundation
import TestSupport
import Testing

/// Keys of every form that people have, judged by OpenSSL and OpenSSH.
@Suite struct KeyTests {
  private let folder: TemporaryDirectory
  private var path: String { folder.path }
  private static let message = Array("what was sealed".utf8)

  init() throws { folder = try TemporaryDirectory() }

  private func openssl(_ arguments: String...) throws -> CommonTool.Answer {
    try #require(CommonTool("openssl")).run(arguments, in: path)
  }

  @Test(.enabled(if: CommonTool.has("openssl"), "needs openssl"))
  func `a key under a passphrase is written, read by OpenSSL, and opens with it alone`() throws {
    let word = SecretBytes(Array("correct horse".utf8))
    let key = try SigningKey.generate()
    try key.write(to: path + "/seal.pem", passphrase: word)
    let mode = try FileManager.default.attributesOfItem(atPath: path + "/seal.pem")
    #expect(mode[.posixPermissions] as? Int == 0o600)
    #expect(String(decoding: try folder.read("seal.pem"), as: UTF8.self).contains("ENCRYPTED"))
    let shown = try openssl("pkey", "-in", "seal.pem", "-passin", "pass:correct horse", "-pubout")
    #expect(shown.output == (try key.verifyingKey.pem()))
    #expect(try openssl("pkey", "-in", "seal.pem", "-passin", "pass:wrong").status != 0)
    let again = try SigningKey(path: path + "/seal.pem", passphrase: word)
    #expect(try key.verifyingKey.accepts(again.sign(Self.message), of: Self.message))
    // Taken for a public key it asks nobody: at a terminal libcrypto would.
    #expect(throws: KeyError.self) { try VerifyingKey(path: path + "/seal.pem") }
    #expect(throws: KeyError.self) { try Recipient(path: path + "/seal.pem") }
    for wrong in [nil, SecretBytes(Array("Correct horse".utf8))] {
      let error = #expect(throws: KeyError.self) {
        try SigningKey(path: path + "/seal.pem", passphrase: wrong)
      }
      #expect(error?.needsPassphrase == true)
    }
  }

  @Test(.enabled(if: CommonTool.has("openssl"), "needs openssl"))
  func `a key that OpenSSL encrypted is opened with its passphrase`() throws {
    _ = try openssl(
      "genpkey", "-algorithm", "ed25519", "-aes256", "-pass", "pass:x", "-out", "theirs.pem")
    _ = try openssl("pkey", "-in", "theirs.pem", "-passin", "pass:x", "-pubout", "-out", "pub.pem")
    let key = try SigningKey(path: path + "/theirs.pem", passphrase: SecretBytes([0x78]))
    let signature = try key.sign(Self.message)
    #expect(try VerifyingKey(path: path + "/pub.pem").accepts(signature, of: Self.message))
  }

  @Test(.enabled(if: CommonTool.has("openssl", "sha256sum"), "needs openssl"))
  func `the fingerprint is what OpenSSL and sha256sum give`() throws {
    let key = try SigningKey.generate().verifyingKey
    try key.write(to: path + "/pub.pem")
    _ = try openssl("pkey", "-pubin", "-in", "pub.pem", "-outform", "DER", "-out", "pub.der")
    let sum = try #require(CommonTool("sha256sum")).run(["pub.der"], in: path)
    #expect(sum.text.hasPrefix(try key.fingerprint))
  }

  @Test(.enabled(if: CommonTool.has("ssh-keygen"), "needs ssh-keygen"))
  func `OpenSSH's ed25519 keys are read, and others are refused in words`() throws {
    let keygen = try #require(CommonTool("ssh-keygen"))
    func make(_ name: String, _ kind: String, _ word: String) throws {
      let made = try keygen.run(
        ["-q", "-t", kind, "-N", word, "-C", "who@where", "-f", name], in: path)
      #expect(made.status == 0, "\(made.text)")
    }
    try make("plain", "ed25519", "")
    let key = try SigningKey(path: path + "/plain")
    let publicKey = try VerifyingKey(path: path + "/plain.pub")
    #expect(publicKey.accepts(try key.sign(Self.message), of: Self.message))
    #expect(try key.verifyingKey.pem() == publicKey.pem())
    let shown = try keygen.run(["-l", "-f", "plain.pub"], in: path)
    #expect(shown.text.contains(try publicKey.sshFingerprint + " "))

    try make("locked", "ed25519", "secret word")
    let locked = #expect(throws: KeyError.self) { try SigningKey(path: path + "/locked") }
    #expect(locked?.what.contains("bcrypt") == true)
    try make("rsa", "rsa", "")
    #expect(throws: KeyError.self) { try SigningKey(path: path + "/rsa") }
    #expect(throws: KeyError.self) { try VerifyingKey(path: path + "/rsa.pub") }
  }

  @Test(.enabled(if: CommonTool.has("ssh-keygen"), "needs ssh-keygen"))
  func `a damaged OpenSSH key never crashes and never signs as another`() throws {
    let keygen = try #require(CommonTool("ssh-keygen"))
    _ = try keygen.run(["-q", "-t", "ed25519", "-N", "", "-f", "key"], in: path)
    let whole = try folder.read("key")
    let publicKey = try SigningKey(path: path + "/key").verifyingKey.pem()
    var random = SeededRandom(seed: 3)
    for _ in 0..<300 {
      var bytes = whole
      bytes[Int.random(in: 36..<(whole.count - 35), using: &random)] = UInt8.random(
        in: 0x30...0x7A, using: &random)
      guard let key = try? SigningKey(pem: SecretBytes(bytes)) else { continue }
      #expect(try key.verifyingKey.pem() == publicKey)
    }
  }

  @Test func `base64 is that of RFC 4648`() {
    let table = ["": "", "f": "Zg==", "fo": "Zm8=", "foo": "Zm9v", "foob": "Zm9vYg=="]
    for (plain, text) in table {
      #expect(Base64.text(Array(plain.utf8)) == text)
      if !plain.isEmpty { #expect(Base64.bytes(Array(text.utf8)) == Array(plain.utf8)) }
    }
    for bad in ["", "Z", "Zg=", "Z!==", "Zm9v\n"] { #expect(Base64.bytes(Array(bad.utf8)) == nil) }
  }
}
