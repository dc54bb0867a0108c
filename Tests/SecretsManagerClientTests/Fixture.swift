import RotationCore
import SecretsManagerClient
import TestSupport

/// Tables of what the AWS CLI 2.36.7 made of the same input, kept beside the tests.
enum Fixture {
  static func json(_ name: String) throws -> JSONValue {
    try JSONValue(
      parsing: try Conformance.repositoryBytes("Tests/SecretsManagerClientTests/Fixtures/\(name)"))
  }

  /// A file of a case: its text, or its bytes in hexadecimal under the key with an `x`.
  static func file(_ value: JSONValue, _ key: String) -> [UInt8] {
    if let text = value[key]?.string { return Array(text.utf8) }
    let digits = Array((value[key + "x"]?.string ?? "").utf8)
    return stride(from: 0, to: digits.count, by: 2).compactMap {
      UInt8(String(decoding: digits[$0...($0 + 1)], as: UTF8.self), radix: 16)
    }
  }

  /// The settings of a case with the files `c` and `k`, the variables `v`.
  static func settings(
    _ test: JSONValue, countsEmpty: Bool = false
  ) throws(ConfigurationError) -> AWSConfiguration {
    AWSConfiguration(
      environment: strings(test["env"]),
      config: try ConfigurationFile(parsing: file(test, "c"), path: "/d/config"),
      credentials: try ConfigurationFile(parsing: file(test, "k"), path: "/d/credentials"),
      countsEmpty: countsEmpty)
  }

  static func strings(_ value: JSONValue?) -> [String: String] {
    var result: [String: String] = [:]
    for member in value?.object?.members ?? [] { result[member.key] = member.value.string }
    return result
  }
}
