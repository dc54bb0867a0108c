import RotationCore
import Testing

@testable import SecretsManagerClient

@Suite struct Endpoints {
  @Test(arguments: ["us east", "", "12345", "-a", "a/../b", "evil.com#", "x@y", "us_east_1", "é"])
  func `a region that is no host label is refused`(_ region: String) {
    #expect(throws: EndpointError.self) {
      try Endpoint.resolve(.secretsManager, region: region)
    }
  }

  @Test func `a URL's default port goes and another one stays`() throws {
    let cases = [
      ("http://127.0.0.1:5599", "127.0.0.1:5599"), ("https://Host.Example:443/", "host.example"),
      ("http://h:80", "h"), ("https://h:80", "h:80"), ("http://[::1]:4566/x", "[::1]:4566"),
    ]
    for (url, host) in cases {
      #expect(try Endpoint(url: url, signingRegion: "eu-west-1").host == host)
    }
  }

  @Test(arguments: [
    "localhost:5000", "://x", "ftp://h", "http://", "http://a b", "http://u:p@h/", "http://h:0",
    "http://h:99999", "http://h/?q", "http://-a.b", "http://[::1", "http://h\r\nX: y",
  ])
  func `a bad endpoint URL is refused`(_ url: String) {
    #expect(throws: EndpointError.self) { try Endpoint(url: url, signingRegion: "r") }
  }

  @Test func `a blank in a path is escaped when it is sent`() throws {
    let endpoint = try Endpoint(url: "http://h:5000/a b<c>", signingRegion: "r")
    #expect(endpoint.path == "/a b<c>")
    #expect(endpoint.sentURL == "http://h:5000/a%20b%3Cc%3E")
  }

  @Test func `a scheme that no request can be sent by is named`() {
    let error = #expect(throws: EndpointError.self) {
      try Endpoint(url: "ftp://h/x", signingRegion: "r")
    }
    #expect(error?.message.hasSuffix("Not supported URL scheme ftp") == true)
  }

  @Test func `an old FIPS region means the region with FIPS`() throws {
    let endpoint = try Endpoint.resolve(.secretsManager, region: "fips-us-east-1")
    #expect(endpoint.host == "secretsmanager-fips.us-east-1.amazonaws.com")
    #expect(endpoint.signingRegion == "us-east-1")
  }
}
