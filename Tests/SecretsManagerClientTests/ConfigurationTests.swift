import RotationCore
import SecretsManagerClient
import Testing

@Suite struct Configuration {
  private func configuration(
    _ config: String, credentials: String = "", environment: [String: String] = [:]
  ) throws -> AWSConfiguration {
    AWSConfiguration(
      environment: environment, config: try ConfigurationFile(parsing: config, path: "config"),
      credentials: try ConfigurationFile(parsing: credentials, path: "credentials"))
  }

  /// Where this reader goes its own way on purpose.
  private static let divergences: [String: String] = [
    "profile name with extra whitespace": "accepted: the SDKs trim the name",
    "profile name with extra whitespace in credentials": "the same",
  ]

  @Test(.enabled(if: ConformanceFiles.isThere, "the shared conformance data is not here"))
  func `profiles read as the AWS CLI reads them`() throws {
    let tests = try ConformanceFiles.json("aws-profile-parser/profile-parser-tests.json")
    let oracle = try ConformanceFiles.json("aws-profile-parser/awscli-oracle.json")
    var run = 0
    for (test, answer) in zip(tests["tests"]?.array ?? [], oracle["cases"]?.array ?? []) {
      let name = test["name"]?.string ?? ""
      guard Self.divergences[name] == nil else { continue }
      #expect(name == answer["name"]?.string)
      let input = test["input"]
      let expected = answer["awscli"]?["ok"]?["profiles"]?.object
      let result = try? configuration(
        input?["configFile"]?.string ?? "", credentials: input?["credentialsFile"]?.string ?? "")
      run += 1
      guard let expected, let result else {
        #expect((expected == nil) == (result == nil), "\(name)")
        continue
      }
      #expect(Set(result.profiles.keys) == Set(expected.keys), "\(name)")
      for member in expected.members {
        for (key, value) in (member.value.object?.members ?? []).map({ ($0.key, $0.value) }) {
          let text = result.profiles[member.key]?[key] ?? "(none)"
          if let object = value.object {
            let nested = ConfigurationFile.nested(text) ?? [:]
            #expect(Set(nested.keys) == Set(object.keys), "\(name)")
          } else {
            #expect(text == value.string, "\(name)")
          }
        }
      }
    }
    #expect(run > 45)
  }

  @Test(.enabled(if: ConformanceFiles.isThere, "the shared conformance data is not here"))
  func `configured endpoint URLs win in the CLI's order`() throws {
    let suite = try ConformanceFiles.json("endpoint-configured-urls/secretsmanager-equivalent.json")
    var run = 0
    for test in suite["cases"]?.array ?? [] {
      let client = test["client_config"]
      var environment = Fixture.strings(test["environment"])
      // Here the switch is a variable or a profile's key, never an argument of its own.
      if let ignored = client?["ignore_configured_endpoint_urls"]?.bool {
        environment["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] = "\(ignored)"
      }
      let settings = try configuration(
        suite["config_file"]?.string ?? "", environment: environment)
      let profile = test["profile"]?.string
      let override =
        try client?["endpoint_url"]?.string
        ?? settings.endpointURL(.secretsManager, profile: profile)
      let endpoint = try Endpoint.resolve(
        .secretsManager, region: settings.region(ofProfile: profile), override: override)
      #expect(endpoint.url == test["expected_request_url"]?.string)
      run += 1
    }
    #expect(run == 37)
  }

  @Test func `the environment's region beats the profile's`() throws {
    let text = "[default]\nregion = eu-west-1\n[profile ops]\nregion = eu-north-1"
    let plain = try configuration(text)
    #expect(plain.region(ofProfile: nil) == "eu-west-1")
    #expect(plain.region(ofProfile: "ops") == "eu-north-1")
    let both = ["AWS_REGION": "us-east-2", "AWS_DEFAULT_REGION": "us-west-1"]
    #expect(try configuration(text, environment: both).region(ofProfile: "ops") == "us-east-2")
    let empty = ["AWS_REGION": "", "AWS_PROFILE": "ops"]
    #expect(try configuration(text, environment: empty).region(ofProfile: nil) == "eu-north-1")
  }

  @Test func `a key of the credentials file beats the config file`() throws {
    let settings = try configuration(
      "[profile a]\nregion = eu-west-1\noutput = text",
      credentials: "[a]\nregion = us-east-1\naws_access_key_id = X")
    #expect(settings.region(ofProfile: "a") == "us-east-1")
    #expect(settings.value("output", ofProfile: "a") == "text")
    #expect(settings.missingProfile("b")?.message == "The config profile (b) could not be found")
    #expect(settings.missingProfile(nil) == nil)
  }

  @Test func `a broken file is named with its line`() {
    #expect(throws: ConfigurationError.self) { try configuration("[profile a]\n=x") }
    do {
      _ = try configuration("[default]\nregion = a\n\nnonsense\n")
      Issue.record("accepted")
    } catch let error as ConfigurationError {
      #expect(
        error.message == "Unable to parse config file: config (line 4: no '=' after the key)")
    } catch {}
  }

  @Test func `proxies follow NO_PROXY as the CLI does`() throws {
    let settings = try configuration(
      "",
      environment: [
        "HTTPS_PROXY": "proxy:3128", "https_proxy": "http://lower:1",
        "NO_PROXY": ".corp, 127.0.0.1",
      ])
    #expect(settings.proxy(scheme: "https", host: "a.amazonaws.com") == "http://lower:1")
    #expect(settings.proxy(scheme: "http", host: "a.amazonaws.com") == nil)
    #expect(settings.proxy(scheme: "https", host: "x.corp:8443") == nil)
    #expect(settings.proxy(scheme: "https", host: "xcorp") == "http://lower:1")
    #expect(settings.proxy(scheme: "https", host: "127.0.0.1:5000") == nil)
  }

  @Test func `retry settings are checked as the CLI checks them`() throws {
    #expect(
      try configuration("").retrySettings(profile: nil)
        == RetrySettings(mode: "standard", maximumAttempts: 3))
    for (name, value) in [
      ("AWS_RETRY_MODE", "legacy"), ("AWS_MAX_ATTEMPTS", "0"), ("AWS_MAX_ATTEMPTS", "x"),
    ] {
      #expect(throws: ConfigurationError.self) {
        try configuration("", environment: [name: value]).retrySettings(profile: nil)
      }
    }
  }
}
