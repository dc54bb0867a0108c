import RotationCore
import SecretsManagerClient
import Testing

@Suite struct Endpoints {
  /// Cases of the rule sets that do not apply here, by their documentation.
  private func divergence(_ params: JSONValue) -> String? {
    // Only botocore's `sts_regional_endpoints = legacy` uses the global STS endpoint.
    if params["UseGlobalEndpoint"]?.bool == true { return "global STS endpoint" }
    return nil
  }

  @Test(
    .enabled(if: ConformanceFiles.isThere, "the shared conformance data is not here"),
    arguments: [EndpointService.secretsManager, .sts])
  func `the rule sets' cases resolve as written`(_ service: EndpointService) throws {
    let file = try ConformanceFiles.json("endpoint-rules/\(service.rawValue)/endpoint-tests-1.json")
    var run = 0
    for test in file["testCases"]?.array ?? [] {
      let params = test["params"] ?? [:]
      if divergence(params) != nil { continue }
      let result = Result { () throws(EndpointError) in
        try Endpoint.resolve(
          service, region: params["Region"]?.string, fips: params["UseFIPS"]?.bool ?? false,
          dualStack: params["UseDualStack"]?.bool ?? false,
          override: params["Endpoint"]?.string)
      }
      run += 1
      let name = test["documentation"]?.string ?? ""
      switch result {
      case .success(let endpoint):
        #expect(endpoint.canonicalURL == test["expect"]?["endpoint"]?["url"]?.string, "\(name)")
      case .failure: #expect(test["expect"]?["error"] != nil, "\(name)")
      }
    }
    #expect(run > 20)
  }

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

  @Test func `an old FIPS region means the region with FIPS`() throws {
    let endpoint = try Endpoint.resolve(.secretsManager, region: "fips-us-east-1")
    #expect(endpoint.host == "secretsmanager-fips.us-east-1.amazonaws.com")
    #expect(endpoint.signingRegion == "us-east-1")
  }
}
