import RotationCore
import Testing

@testable import SecretsManagerClient

/// The sentences are the AWS CLI's own.
@Suite struct CallPreparations {
  private func failure(
    _ config: String, _ environment: [String: String] = [:],
    _ options: (inout ClientOptions) -> Void = { _ in }
  ) throws -> String? {
    let settings = AWSConfiguration(
      environment: environment, config: try ConfigurationFile(parsing: config, path: "config"),
      credentials: ConfigurationFile())
    var chosen = ClientOptions()
    options(&chosen)
    let site = CallSite(profile: nil, region: "eu-west-1")
    let result = CallPreparation(settings, chosen).plain(.sts, "POST", "/", [], [], site)
    guard case .failure(let failure) = result else { return nil }
    return failure.message
  }

  private let blank =
    "Invalid CA bundle: the configured value (ca_bundle, AWS_CA_BUNDLE, REQUESTS_CA_BUNDLE, or "
    + "verify) resolved to an empty or whitespace-only string. Provide a valid path to a CA bundle "
    + "file."

  @Test func `a blank CA bundle stops the call`() throws {
    #expect(try failure("[default]\nca_bundle =\n") == blank)
    #expect(try failure("", ["AWS_CA_BUNDLE": " "]) == blank)
    #expect(try failure("[default]\nca_bundle = /a\n", ["AWS_CA_BUNDLE": ""]) == blank)
    #expect(try failure("", ["REQUESTS_CA_BUNDLE": "\t"]) == blank)
    #expect(try failure("") { $0.caBundle = "" } == blank)
    #expect(try failure("[default]\nendpoint_url = http://h\nca_bundle =\n") == blank)
  }

  @Test func `a bundle that is not asked for is not judged`() throws {
    #expect(try failure("[default]\nca_bundle =\n") { $0.verifySSL = false } == nil)
    #expect(try failure("[default]\nca_bundle =\n") { $0.caBundle = "/a.pem" } == nil)
    #expect(try failure("[default]\nca_bundle = /a\n", ["REQUESTS_CA_BUNDLE": ""]) == nil)
  }

  @Test func `an unknown services section stops the call`() throws {
    #expect(
      try failure("[default]\nservices = zz\n")
        == "The profile is configured to use the services section but the \"zz\" services "
        + "configuration does not exist.")
  }
}
