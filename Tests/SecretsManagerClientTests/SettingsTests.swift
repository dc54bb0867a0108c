import RotationCore
import SecretsManagerClient
import TestSupport
import Testing

/// Judged by what the AWS CLI makes of the same variables and files.
@Suite struct Settings {
  /// Where an empty variable or key counts as not set, which the CLI takes for a value.
  ///
  /// There the CLI's answer to the same input without the empty ones is required.
  private static let emptyIsAbsent: Set<String> = [
    "profile", "missing", "region", "output", "errorFormat", "binary", "timestamp", "autoPrompt",
    "fips", "dual", "retry", "urls", "imds", "app",
  ]

  /// Where this tool answers otherwise, by what the case's input holds.
  private static let divergences: [(setting: String, text: String, reason: String)] = [
    ("imds", "ftp://h", "no request could be sent there, so it is refused before the call"),
    ("imds", "http://h?x", "the paths of the metadata service would become a query"),
    ("urls", "sts = http://plain", "the CLI stops at an internal error; this is a sentence"),
    ("urls", "services = q", "the same for a service without settings"),
  ]

  private static let services: [EndpointService] = EndpointService.allCases.filter {
    $0 != .s3
  }

  private static func failure(_ error: ConfigurationError) -> JSONValue {
    ["e": .string(error.sentence)]
  }

  private static func text(_ value: String?) -> JSONValue { value.map(JSONValue.string) ?? .null }

  private static func retry(_ settings: AWSConfiguration) -> JSONValue {
    do throws(ConfigurationError) {
      let retry = try settings.retrySettings(profile: nil)
      return [.string(retry.mode), .init(retry.maximumAttempts)]
    } catch {
      return failure(error)
    }
  }

  private static func caBundle(_ settings: AWSConfiguration) -> JSONValue {
    do throws(ConfigurationError) {
      try settings.checkCABundle(profile: nil)
      return text(settings.caBundle(profile: nil))
    } catch {
      return failure(error)
    }
  }

  private static func url(_ settings: AWSConfiguration, _ service: EndpointService) -> JSONValue {
    do throws(ConfigurationError) {
      return text(try settings.endpointURL(service, profile: nil))
    } catch {
      return failure(error)
    }
  }

  private static func metadata(_ settings: AWSConfiguration) -> JSONValue {
    do throws(ConfigurationError) {
      let found = try settings.metadataSettings(profile: nil)
      return [
        .init(found.isDisabled), .string(found.endpoint), .string(found.mode),
        .init(found.isVersion1Disabled), .init(found.timeoutSeconds), .init(found.attempts),
      ]
    } catch {
      return failure(error)
    }
  }

  private static func answers(_ settings: AWSConfiguration) -> [String: JSONValue] {
    let missing = settings.missingProfile(nil).map(failure)
    guard missing == nil else {
      return ["profile": text(settings.chosenProfile(nil)), "missing": missing ?? .null]
    }
    let urls = JSONObject(
      services.map { JSONObject.Member(key: $0.rawValue, value: url(settings, $0)) })
    return [
      "profile": text(settings.chosenProfile(nil)), "missing": .null,
      "region": text(settings.region(ofProfile: nil)),
      "output": .string(settings.outputFormat(profile: nil)),
      "errorFormat": .string(settings.errorFormat(profile: nil)),
      "binary": .string(settings.binaryFormat(profile: nil)),
      "timestamp": .string(settings.timestampFormat(profile: nil)),
      "autoPrompt": .string(settings.autoPrompt(profile: nil)),
      "pager": text(settings.pager(profile: nil)),
      "fips": .init(settings.usesFIPS(profile: nil)),
      "dual": .init(settings.usesDualStack(profile: nil)),
      "ca": caBundle(settings), "retry": retry(settings), "urls": .object(urls),
      "app": text(settings.userAgentAppID(profile: nil)), "imds": metadata(settings),
    ]
  }

  /// The CLI's answers, with those that are the defaults; URLs for every service.
  private static func expected(
    _ answers: JSONValue?, _ defaults: JSONObject
  ) -> [String: JSONValue] {
    var result: [String: JSONValue] = [:]
    let isMissing = answers?["missing"] != nil
    for member in defaults.members {
      if isMissing, member.key != "profile", member.key != "missing" { continue }
      result[member.key] = answers?[member.key] ?? member.value
    }
    for (key, value) in result { result[key] = withoutType(value) }
    // Nothing to run is no pager.
    if result["pager"]?.string == "" { result["pager"] = .null }
    guard let urls = result["urls"] else { return result }
    result["urls"] = .object(
      JSONObject(
        services.map { service in
          let isEach = urls["e"] == nil && urls.object != nil
          let url = isEach ? urls[service.rawValue] ?? .null : urls
          return JSONObject.Member(key: service.rawValue, value: withoutType(url))
        }))
    return result
  }

  private static func withoutType(_ value: JSONValue) -> JSONValue {
    guard let text = value["e"]?.string else { return value }
    return ["e": .string(text)]
  }

  @Test func `every setting is resolved as the AWS CLI resolves it`() throws {
    let table = try Fixture.json("settings.json")
    let defaults = try #require(table["defaults"]?.object)
    let cases = table["cases"]?.array ?? []
    var diverging = 0
    for (index, test) in cases.enumerated() {
      let ours = Self.answers(try Fixture.settings(test))
      let given = Self.expected(test["a"], defaults)
      let without = Self.expected(test["w"] ?? test["a"], defaults)
      let variables = Fixture.strings(test["env"])
      let files = [test["c"], test["k"]].map { $0?.string ?? "" }
      let input = "\(index): \(variables) \(files.joined(separator: " / "))"
      for key in Set(given.keys).union(ours.keys).union(without.keys) {
        let isWithout = Self.emptyIsAbsent.contains(key) || given[key] == nil
        let wanted = isWithout ? without[key] : given[key]
        if Self.divergences.contains(where: { $0.setting == key && input.contains($0.text) }),
          ours[key] != wanted
        {
          diverging += 1
          #expect("\(ours[key] ?? .null)".contains("\"e\""), "\(key) of \(input)")
          continue
        }
        #expect(ours[key] == wanted, "\(key) of \(input)")
      }
    }
    #expect(cases.count > 800 && diverging == 19, "\(diverging)")
  }

  @Test func `empty settings are values where they are asked to be`() throws {
    let table = try Fixture.json("settings.json")
    let defaults = try #require(table["defaults"]?.object)
    var differing = 0
    for (index, test) in (table["cases"]?.array ?? []).enumerated() where test["w"] != nil {
      let ours = Self.answers(try Fixture.settings(test, countsEmpty: true))
      let wanted = Self.expected(test["a"], defaults)
      let files = [test["c"], test["k"]].map { $0?.string ?? "" }
      let input = "\(index): \(Fixture.strings(test["env"])) \(files.joined(separator: " / "))"
      for (key, value) in wanted where ours[key] != value {
        guard !Self.divergences.contains(where: { $0.setting == key && input.contains($0.text) })
        else { continue }
        differing += 1
        #expect(ours[key] == value, "\(key) of \(input)")
      }
    }
    #expect(differing == 0)
  }

  @Test func `every proxy is chosen as the AWS CLI chooses it`() throws {
    let table = try Fixture.json("settings.json")
    let urls = (table["proxyURLs"]?.array ?? []).compactMap(\.string)
    let cases = table["proxies"]?.array ?? []
    for test in cases {
      let settings = try Fixture.settings(test)
      for (url, proxy) in zip(urls, test["p"]?.array ?? []) {
        let parts = url.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: true)
        let scheme = parts[0].dropLast()
        let ours = settings.proxy(scheme: String(scheme), host: String(parts[1]))
        #expect(Self.text(ours) == proxy, "\(url) \(Fixture.strings(test["env"]))")
      }
    }
    #expect(urls.count == 10 && cases.count > 120)
  }
}
