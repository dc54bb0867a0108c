import RotationCore
import SecretsManagerClient
import Testing

/// Judged by the public cases of AWS's endpoint rules.
@Suite(.enabled(if: ConformanceFiles.isThere, "the shared conformance data is not here"))
struct EndpointRules {
  /// Parameters that no call of this tool sets, with the reason.
  private static let otherCalls: [String: String] = [
    "UseGlobalEndpoint": "the CLI always calls the regional endpoint of STS",
    "IsControlPlane": "operations of the console's settings",
    "IsOAuthEndpoint": "tokens for IAM, which `aws login` does not ask for",
  ]

  private static let counts: [EndpointService: Int] = [
    .secretsManager: 49, .sts: 51, .sso: 40, .ssoOIDC: 40, .signin: 13,
  ]

  @Test(arguments: EndpointService.allCases.filter { $0 != .s3 })
  func `the rule sets' cases resolve as written`(_ service: EndpointService) throws {
    let file = try ConformanceFiles.json("endpoint-rules/\(service.rawValue)/endpoint-tests-1.json")
    var run = 0
    for test in file["testCases"]?.array ?? [] {
      let params = test["params"] ?? [:]
      if Self.otherCalls.keys.contains(where: { params[$0]?.bool == true }) { continue }
      run += 1
      let name = test["documentation"]?.string ?? ""
      let wanted = test["expect"]?["endpoint"]
      do throws(EndpointError) {
        let ours = try Endpoint.resolve(
          service, region: params["Region"]?.string, fips: params["UseFIPS"]?.bool ?? false,
          dualStack: params["UseDualStack"]?.bool ?? false, override: params["Endpoint"]?.string)
        #expect(ours.canonicalURL == wanted?["url"]?.string, "\(name)")
        let scheme = wanted?["properties"]?["authSchemes"]?.array?.first
        if let signed = scheme?["signingRegion"]?.string { #expect(ours.signingRegion == signed) }
      } catch {
        #expect(test["expect"]?["error"] != nil, "\(name)")
      }
    }
    #expect(run == Self.counts[service], "\(service)")
  }

  /// Sets of the rules engine that judge nothing of ours, with the reason and the cases.
  private static let otherSets: [(name: String, cases: Int, reason: String)] = [
    ("account-id", 4, "hosts with an account's id"), ("uri-encode", 7, "no URL is built of input"),
    ("default-values", 4, "an interpreter's parameters"),
    ("array-index", 3, "an interpreter's arrays"), ("eventbridge", 3, "another service"),
    ("local-region-override", 2, "a service of the tests alone"),
    ("parse-arn", 14, "no endpoint depends on an ARN"), ("headers", 1, "no rule adds headers"),
    ("is-virtual-hostable-s3-bucket", 15, "another service"),
    ("substring", 18, "an interpreter's function"), ("fns", 4, "an interpreter's functions"),
    ("custom_object_condition", 1, "an interpreter's conditions"),
    ("string_array", 4, "an interpreter's arrays"),
  ]

  private func cases(_ name: String) throws -> [JSONValue] {
    let folder = name.contains("_") ? "test-cases-c-sdkutils" : "test-cases"
    let file = try ConformanceFiles.json("endpoint-rules-engine/\(folder)/\(name).json")
    return file["testCases"]?.array ?? []
  }

  @Test func `the cases that do not apply are those that are listed`() throws {
    for set in Self.otherSets {
      #expect(try cases(set.name).count == set.cases, "\(set.name): \(set.reason)")
    }
    let judging = [
      "valid-hostlabel", "parse-url", "partition-fn", "aws-region", "custom_partition",
    ]
    let count = try judging.map { try cases($0).count }.reduce(0, +)
    #expect(count + Self.otherSets.map(\.cases).reduce(0, +) == 108)
  }

  @Test func `a region is one host label`() throws {
    for test in try cases("valid-hostlabel") {
      let url = test["expect"]?["endpoint"]?["url"]?.string
      // Only a single label is a region, so the form with subdomains is refused.
      let isLabel = url != nil && url?.contains("-subdomains") == false
      #expect(Endpoint.isRegion(test["params"]?["Region"]?.string ?? "") == isLabel)
    }
  }

  @Test func `a URL is parsed as the rules parse it`() throws {
    /// The CLI checks the labels before it applies a rule.
    let checked = ["http://99_ab.com", "http://99_ab-.com"]
    for test in try cases("parse-url") {
      let url = test["params"]?["Endpoint"]?.string ?? ""
      let isGood = test["expect"]?["endpoint"] != nil && !checked.contains(url)
      let endpoint = try? Endpoint(url: url, signingRegion: "eu-west-1")
      #expect((endpoint != nil) == isGood, "\(url)")
    }
    let port = try Endpoint(url: "https://authority.com:8000/port", signingRegion: "r")
    #expect(port.host == "authority.com:8000" && port.path == "/port")
  }

  @Test(arguments: ["partition-fn", "custom_partition"])
  func `a region finds its partition`(_ name: String) throws {
    for test in try cases(name) {
      let region = test["params"]?["Region"]?.string ?? ""
      let url = test["expect"]?["endpoint"]?["url"]?.string ?? ""
      let suffix = url.split(separator: "\(region).").last.map(String.init) ?? ""
      let ours = try Endpoint.resolve(.secretsManager, region: region)
      #expect(ours.host == "secretsmanager.\(region).\(suffix)")
    }
  }

  @Test func `a region must be set`() throws {
    for test in try cases("aws-region") {
      let region = test["params"]?["Region"]?.string
      let ours = try? Endpoint.resolve(.secretsManager, region: region)
      #expect((ours == nil) == (test["expect"]?["error"] != nil))
    }
  }
}
