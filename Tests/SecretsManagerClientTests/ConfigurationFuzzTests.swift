import RotationCore
import TestSupport
import Testing

@testable import SecretsManagerClient

@Suite struct ConfigurationFuzz {
  private static let pieces = [
    "[default]\n", "[profile a]\n", "[profile \"a b\"]\r\n", "[DEFAULT]\n", "[sso-session s]\n",
    "[services s]\n", "services = s\n", "secrets_manager =\n", "  endpoint_url = http://h\n",
    "region = eu-west-1\n", "region: x\r", "k\n", "=\n", "[", "]", "\"", "'", "\\", "#", ";", "  ",
    "\t", "\r\n", "\n", "\u{2028}", "\u{85}", "\0", "e\u{301}", "😀", "\u{FEFF}", "max_attempts = ",
    "retry_mode = ", "ca_bundle =\n", "endpoint_url = ", "http://[::1]:0/", "://", "@", "%", "٣",
    "99999999999999999999", "-", ":", "=", "cli_pager =\n\tx\n", "use_fips_endpoint = true\n",
  ]

  /// A text of pieces, with some of its bytes changed.
  private func bytes(_ random: inout SeededRandom) -> [UInt8] {
    var bytes: [UInt8] = []
    for _ in 0..<Int.random(in: 0...24, using: &random) {
      bytes += Array((Self.pieces.randomElement(using: &random) ?? "").utf8)
    }
    guard Int.random(in: 0..<3, using: &random) == 0, !bytes.isEmpty else { return bytes }
    for _ in 0..<Int.random(in: 1...4, using: &random) {
      bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(
        in: 0...255, using: &random)
    }
    return bytes
  }

  /// Asks for every setting; only the absence of a crash is judged.
  private func ask(_ settings: AWSConfiguration, _ profile: String?) {
    for service in EndpointService.allCases {
      let url = try? settings.endpointURL(service, profile: profile)
      _ = try? Endpoint.resolve(
        service, region: settings.region(ofProfile: profile),
        fips: settings.usesFIPS(profile: profile), override: url ?? nil)
      if let url { _ = Endpoint.complaint(about: url) }
    }
    _ = try? settings.retrySettings(profile: profile)
    _ = try? settings.metadataSettings(profile: profile)
    _ = try? settings.checkCABundle(profile: profile)
    _ = settings.userAgentAppID(profile: profile)
    _ = settings.proxy(scheme: "https", host: settings.value("region", ofProfile: profile) ?? "")
  }

  @Test func `no text of a file ends the program`() {
    var random = SeededRandom(seed: 20_261_124)
    var accepted = 0
    for _ in 0..<5000 {
      let config = bytes(&random)
      let credentials = bytes(&random)
      guard let file = try? ConfigurationFile(parsing: config, path: "config"),
        let other = try? ConfigurationFile(parsing: credentials, path: "credentials")
      else { continue }
      accepted += 1
      let settings = AWSConfiguration(
        environment: ["HTTPS_PROXY": "p", "NO_PROXY": String(decoding: config, as: UTF8.self)],
        config: file, credentials: other)
      for profile in [nil] + settings.profiles.keys.map(Optional.some) { ask(settings, profile) }
    }
    #expect(accepted > 25)
  }

  @Test func `no URL and no time ends the program`() {
    var random = SeededRandom(seed: 7)
    for _ in 0..<5000 {
      let text = String(decoding: bytes(&random), as: UTF8.self)
      for url in [text, "http://" + text, "http:" + text] {
        guard (try? Endpoint(url: url, signingRegion: "r")) == nil else { continue }
        #expect(!Endpoint.complaint(about: url).isEmpty)
      }
      _ = Timestamp(parsing: text)
      _ = Timestamp(parsing: "2026-" + text)
      _ = Timestamp(parsing: "2026-11-24T05:00" + text)
      _ = Region.partition(of: text)
    }
  }
}
