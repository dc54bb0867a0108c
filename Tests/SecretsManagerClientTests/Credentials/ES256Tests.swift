import Cryptography
import Glibc
import TestSupport
import Testing

@testable import SecretsManagerClient

@Suite struct SigningWithES256 {
  /// The key of the suite aws-login-credentials.
  static let pem = """
    -----BEGIN PRIVATE KEY-----
    MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg+PNauWi/ihtwHHbq
    1tgc8Vgpwx0qQlNSN38y+z0igWehRANCAAR2Ntw6BXJ1v8jb9XjzKZJ+gL5f/3Jq
    IqiH2PUGKWxoFwNlcNB83FivEXEzlTbuCQK5OezOYb3gbvHuzKkB0nDX
    -----END PRIVATE KEY-----
    """

  private func key(_ pem: String) throws(KeyError) -> ES256Key {
    try ES256Key(pem: SecretBytes(Array(pem.utf8)))
  }

  @Test func `the public point is the one that the AWS CLI sends`() throws {
    let key = try key(Self.pem)
    #expect(Base64URL.text(key.x) == "djbcOgVydb_I2_V48ymSfoC-X_9yaiKoh9j1BilsaBc")
    #expect(Base64URL.text(key.y) == "A2Vw0HzcWK8RcTOVNu4JArk57M5hveBu8e7MqQHScNc")
  }

  @Test func `line ends and a missing last one do not matter`() throws {
    let windows = Self.pem.split(separator: "\n").joined(separator: "\r\n")
    #expect(try key(windows).x == key(Self.pem + "\n").x)
  }

  @Test(arguments: [
    "", "no key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----",
  ])
  func `what is no key is refused`(_ text: String) {
    #expect(throws: KeyError(what: "not an unencrypted private key in PEM form")) {
      try key(text)
    }
  }

  @Test func `a key of another kind is refused`() throws {
    let other = try SigningKey.generate().pem()
    #expect(throws: KeyError(what: "a private key of another kind than EC P-256")) {
      try ES256Key(pem: other)
    }
  }

  @Test(.enabled(if: access("/usr/bin/openssl", X_OK) == 0, "openssl is not installed"))
  func `openssl accepts the signatures`() async throws {
    let folder = try TemporaryDirectory()
    let key = try key(Self.pem)
    let pem = try folder.write("key.pem", Self.pem)
    for number in 0..<16 {
      let message = Array("message \(number)".utf8)
      let signature = try key.sign(message)
      #expect(signature.count == 64)
      let file = try folder.write("message", message)
      let encoded = try folder.write("signature", Self.der(signature))
      let outcome = await ChildProcess(
        words: [
          "/usr/bin/openssl", "dgst", "-sha256", "-prverify", pem, "-signature", encoded, file,
        ],
        environment: [:], limitSeconds: 600, leadsGroup: true
      ).run()
      #expect(outcome.end == .exited(0))
      #expect(String(decoding: outcome.output, as: UTF8.self) == "Verified OK\n")
    }
  }

  /// r and s as openssl reads them.
  private static func der(_ signature: [UInt8]) -> [UInt8] {
    let numbers = [signature.prefix(32), signature.suffix(32)].flatMap { half -> [UInt8] in
      var digits = Array(half.drop { $0 == 0 })
      if digits.first ?? 0x80 >= 0x80 { digits.insert(0, at: 0) }
      return [0x02, UInt8(digits.count)] + digits
    }
    return [0x30, UInt8(numbers.count)] + numbers
  }

  /// Vectors of RFC 4648 section 10, with the padding gone, and the two letters of the URL form.
  @Test(arguments: [
    ("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"),
    ("fooba", "Zm9vYmE"), ("foobar", "Zm9vYmFy"), ("~?>", "fj8-"), ("???", "Pz8_"),
  ])
  func `base64 is that of URLs`(_ text: String, _ expected: String) {
    #expect(Base64URL.text(text.utf8) == expected)
  }
}
