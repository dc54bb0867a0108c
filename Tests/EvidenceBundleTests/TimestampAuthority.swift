import Foundation
import TestSupport

/// A time-stamping authority of the tests' own, made and run by `openssl`.
struct TimestampAuthority {
  let folder: TemporaryDirectory
  /// Its root certificate.
  var root: String { folder.path + "/ca.crt" }

  init() throws {
    folder = try TemporaryDirectory()
    try folder.write(
      "tsa.cnf",
      """
      [tsa]
      default_tsa = t
      [t]
      serial = serial
      signer_cert = tsa.crt
      signer_key = tsa.key
      certs = ca.crt
      signer_digest = sha256
      default_policy = 1.2.3.4.1
      digests = sha256
      ess_cert_id_alg = sha256
      [signer]
      extendedKeyUsage = critical,timeStamping
      """)
    try folder.write("serial", "01\n")
    for line in [
      "req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.crt -subj /CN=Root -days 30",
      "req -newkey rsa:2048 -nodes -keyout tsa.key -out tsa.csr -subj /CN=Stamps",
      "x509 -req -in tsa.csr -CA ca.crt -CAkey ca.key -CAcreateserial -out tsa.crt -days 30 "
        + "-extfile tsa.cnf -extensions signer",
    ] {
      try run(line.split(separator: " ").map(String.init))
    }
  }

  @discardableResult
  private func run(_ arguments: [String]) throws -> CommonTool.Answer {
    guard let openssl = CommonTool("openssl") else { throw CocoaError(.fileNoSuchFile) }
    let answer = try openssl.run(arguments, in: folder.path)
    guard answer.status == 0 else {
      throw CocoaError(.fileReadUnknown, userInfo: ["openssl": answer.text])
    }
    return answer
  }

  /// What it answers to a request.
  func answer(to request: [UInt8]) throws -> [UInt8] {
    try folder.write("request.tsq", request)
    try run(["ts", "-reply", "-config", "tsa.cnf", "-queryfile", "request.tsq", "-out", "out.tsr"])
    return try folder.read("out.tsr")
  }
}
