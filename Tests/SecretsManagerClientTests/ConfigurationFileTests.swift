import RotationCore
import SecretsManagerClient
import TestSupport
import Testing

/// Judged by what the AWS CLI reads from the same files.
@Suite struct ConfigurationFiles {
  /// Where this reader accepts more than the CLI, as the SDKs do: by the header, the profile that
  /// is read besides, since blanks inside the brackets are trimmed.
  private static let padded: [String: [String: String]] = [
    "c": [
      "[ default ]": "default", "[default ]": "default", "[ default]": "default",
      "[\tdefault]": "default", "[ profile a]": "a", "[ profile a ]": "a",
    ],
    "k": [
      "[ default ]": "default", "[default ]": "default", "[ default]": "default",
      "[\tdefault]": "default", "[default] ] x": "default]", "[ profile a]": "profile a",
      "[profile a ]": "profile a", "[ profile a ]": "profile a", "[profile ]": "profile",
    ],
  ]

  /// The profiles that stand there for the headers of ``padded`` alone.
  private static func withPadded(_ sections: Sections, _ test: JSONValue) -> Sections {
    var sections = sections
    guard let kind = test["n"]?.string, kind.hasSuffix("header") else { return sections }
    let key = test["c"] == nil ? "k" : "c"
    let header = (test[key]?.string ?? "").split(separator: "\n").first.map(String.init) ?? ""
    if let name = padded[key]?[header] { sections[name] = ["k": "v"] }
    return sections
  }

  private typealias Sections = [String: [String: JSONValue]]

  private static func expected(_ value: JSONValue?) -> Sections {
    var result: Sections = [:]
    for section in value?.object?.members ?? [] {
      result[section.key] = [:]
      for member in section.value.object?.members ?? [] {
        result[section.key]?[member.key] = member.value
      }
    }
    return result
  }

  private static func read(_ sections: [String: [String: String]]) -> Sections {
    sections.mapValues { values in
      values.mapValues { value in
        guard let nested = ConfigurationFile.nested(value) else { return .string(value) }
        return .object(
          JSONObject(nested.map { JSONObject.Member(key: $0.key, value: .string($0.value)) }))
      }
    }
  }

  @Test func `every file reads as the AWS CLI reads it`() throws {
    let cases = try Fixture.json("config-files.json").array ?? []
    for (index, test) in cases.enumerated() {
      let name = test["n"]?.string ?? ""
      // Passed over as by the SDKs; the CLI calls a byte order mark an error.
      if name.hasPrefix("bom") {
        #expect(test["e"] != nil)
        let profiles = try Fixture.settings(test).profiles
        #expect(profiles.isEmpty || profiles == ["default": ["k": "v"]])
        continue
      }
      let at = "\(name) \(index): \(test["c"]?.string ?? "") / \(test["k"]?.string ?? "")"
      do throws(ConfigurationError) {
        let settings = try Fixture.settings(test)
        #expect(test["e"] == nil, "accepted: \(at)")
        guard test["e"] == nil else { continue }
        #expect(
          Self.read(settings.profiles) == Self.withPadded(Self.expected(test["p"]), test), "\(at)")
        #expect(Self.read(settings.ssoSessions) == Self.expected(test["s"]), "\(at)")
        #expect(Self.read(settings.services) == Self.expected(test["v"]), "\(at)")
      } catch {
        #expect(error.code == "ConfigParseError")
        #expect(error.sentence == test["e"]?.string, "\(at)")
      }
    }
    #expect(cases.count > 690)
  }
}
