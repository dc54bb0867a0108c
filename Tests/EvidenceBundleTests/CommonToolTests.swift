import Cryptography
import EvidenceBundle
import Foundation
import RotationCore
import TestSupport
import Testing

/// Common tools read what is written and agree with it.
@Suite struct CommonToolTests {
  private func outcomes(_ count: Int) -> [Outcome?] {
    (0..<count).map { $0 % 9 == 0 ? .failed : .cancelled }
  }

  @Test(.enabled(if: CommonTool.has("tar", "gzip", "sha256sum"), "needs tar, gzip and sha256sum"))
  func `tar and sha256sum accept a tar bundle`() throws {
    let run = try SyntheticRun(outcomes(40))
    let digest = try run.seal(.tarGz)
    let tar = try #require(CommonTool("tar"))
    let sums = try #require(CommonTool("sha256sum"))
    let listing = try tar.run(["-tzvf", run.bundle, "--utc", "--numeric-owner"])
    #expect(listing.status == 0)
    let lines = listing.text.split(separator: "\n")
    #expect(lines.count == digest.entries)
    #expect(lines.allSatisfy { $0.hasPrefix("-rw-r--r-- 0/0 ") && $0.contains("2026-11-23") })
    let target = try run.folder.path("unpacked/x")
    let folder = String(target.dropLast(2))
    #expect(try tar.run(["-xzf", run.bundle, "-C", folder]).status == 0)
    let checked = try sums.run(["-c", "--strict", "SHA256SUMS"], in: folder + "/run-1")
    #expect(checked.status == 0, "\(checked.text)")
    #expect(checked.text.split(separator: "\n").count == digest.entries - 1)
    #expect(try sums.run(["-c", run.bundle + ".sha256"], in: run.folder.path).status == 0)
  }

  @Test(.enabled(if: CommonTool.has("zstd", "tar", "sha256sum"), "needs zstd, tar and sha256sum"))
  func `zstd accepts a zstd bundle and its contents are those of the others`() throws {
    let run = try SyntheticRun(outcomes(40))
    let digest = try run.seal(.tarZst)
    let zstd = try #require(CommonTool("zstd"))
    #expect(try zstd.run(["-t", digest.path]).status == 0)
    let unpacked = try zstd.run(["-dcq", digest.path]).output
    #expect(PlainTar(parsing: unpacked).entries.count == digest.entries)
  }

  @Test(.enabled(if: CommonTool.has("unzip", "sha256sum"), "needs unzip and sha256sum"))
  func `unzip and sha256sum accept a zip bundle`() throws {
    let run = try SyntheticRun(outcomes(40))
    let digest = try run.seal(.zip)
    let unzip = try #require(CommonTool("unzip"))
    let tested = try unzip.run(["-t", digest.path])
    #expect(tested.status == 0, "\(tested.text)")
    let folder = String(try run.folder.path("unzipped/x").dropLast(2))
    #expect(try unzip.run(["-q", digest.path, "-d", folder]).status == 0)
    let sums = try #require(CommonTool("sha256sum"))
    #expect(try sums.run(["-c", "--strict", "SHA256SUMS"], in: folder + "/run-1").status == 0)
  }

  @Test func `the time zone of the machine changes no byte`() async {
    // A process of its own: the zone belongs to the whole process, and other tests run beside.
    await #expect(processExitsWith: .success) {
      let run = try SyntheticRun([.cancelled, .failed, .alreadyOff])
      for format in BundleFormat.allCases {
        var seen: Set<String> = []
        for zone in ["UTC0", "Pacific/Kiritimati", "America/St_Johns", "XYZ+11:30"] {
          setenv("TZ", zone, 1)
          tzset()
          seen.insert(try run.seal(format, as: run.folder.path + "/zoned").sha256)
        }
        #expect(seen.count == 1, "\(format)")
      }
    }
  }

  @Test(.enabled(if: CommonTool.has("openssl"), "needs openssl"))
  func `openssl makes keys that are read and reads keys that are made`() throws {
    let folder = try TemporaryDirectory()
    let openssl = try #require(CommonTool("openssl"))
    let path = folder.path
    let made = try openssl.run(["genpkey", "-algorithm", "ed25519", "-out", path + "/theirs.pem"])
    #expect(made.status == 0)
    _ = try openssl.run(["pkey", "-in", path + "/theirs.pem", "-pubout", "-out", path + "/pub.pem"])
    let key = try SigningKey(path: path + "/theirs.pem")
    let message = Array("what was sealed".utf8)
    let signature = try key.sign(message)
    #expect(try VerifyingKey(path: path + "/pub.pem").accepts(signature, of: message))
    #expect(!(try key.verifyingKey.accepts(signature, of: message + [0])))

    let ours = try SigningKey.generate()
    try ours.write(to: path + "/ours.pem")
    let mode = try FileManager.default.attributesOfItem(atPath: path + "/ours.pem")
    #expect((mode[.posixPermissions] as? Int) == 0o600)
    let text = try openssl.run(["pkey", "-in", path + "/ours.pem", "-pubout"])
    #expect(text.output == (try ours.verifyingKey.pem()))
    #expect(throws: KeyError.self) { try ours.write(to: path + "/ours.pem") }
    _ = try openssl.run([
      "genpkey", "-algorithm", "ed25519", "-aes128", "-pass", "pass:x", "-out", path + "/enc.pem",
    ])
    _ = try openssl.run(["genpkey", "-algorithm", "x25519", "-out", path + "/other.pem"])
    #expect(throws: KeyError.self) { try SigningKey(path: path + "/enc.pem") }
    #expect(throws: KeyError.self) { try SigningKey(path: path + "/other.pem") }
    #expect(throws: KeyError.self) { try SigningKey(path: path + "/pub.pem") }
    #expect(throws: KeyError.self) { try VerifyingKey(path: path + "/theirs.pem") }
  }

  @Test func `the first vector of RFC 8032 is met`() throws {
    // RFC 8032, 7.1, TEST 1, its private key in the PKCS#8 form of RFC 8410.
    let seed = try #require(
      Hex.bytes("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"))
    let header = try #require(Hex.bytes("302e020100300506032b657004220420"))
    let body = Data(header + seed).base64EncodedString()
    let pem = "-----BEGIN PRIVATE KEY-----\n\(body)\n-----END PRIVATE KEY-----\n"
    let key = try SigningKey(pem: SecretBytes(Array(pem.utf8)))
    #expect(
      Hex.text(try key.sign([]))
        == "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
        + "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b")
  }
}
