import RotationCore
import Testing

@testable import SecretsManagerClient

/// What the AWS CLI 2.36.7 says to the same keys.
@Suite struct IdentityCenterKeys {
  private static let session = """

    [sso-session my-sso]
    sso_region = us-east-1
    sso_start_url = https://d-abc.awsapps.com/start
    [sso-session half]
    sso_region = us-east-1
    [sso-session empty]
    """

  @Test(arguments: [
    (
      "sso_account_id = 123456789012",
      "The profile \"p\" is configured to use SSO but is missing required configuration: "
        + "sso_role_name, sso_start_url, sso_region"
    ),
    (
      "sso_role_name = R\nsso_session = my-sso",
      "The profile \"p\" is configured to use SSO but is missing required configuration: "
        + "sso_account_id"
    ),
    (
      "sso_role_name = R\nsso_account_id = 1\nsso_session = nope",
      "The specified sso-session does not exist: \"nope\""
    ),
    (
      "sso_role_name = R\nsso_account_id = 1\nsso_session =",
      "The specified sso-session does not exist: \"\""
    ),
    (
      "sso_role_name = R\nsso_account_id = 1\nsso_session = my-sso\nsso_region = eu-west-1",
      "The value for sso_region is inconsistent between profile (eu-west-1) and sso-session "
        + "(us-east-1)."
    ),
    (
      "sso_role_name = R\nsso_account_id = 1\nsso_session = half",
      "The profile \"p\" is configured to use SSO but is missing required configuration: "
        + "sso_start_url"
    ),
    (
      "sso_role_name = R\nsso_account_id = 1\nsso_session = half\nsso_start_url = https://x/start",
      "The profile \"p\" is configured to use the SSO token provider but is missing the following "
        + "configuration: ['sso_start_url']."
    ),
    (
      "sso_role_name = R\nsso_account_id = 1\nsso_session = empty\nsso_region = us-east-1\n"
        + "sso_start_url = https://x/start",
      "The profile \"p\" is configured to use the SSO token provider but the \"empty\" sso_session "
        + "configuration does not exist."
    ),
    (
      "sso_role_name = R\nsso_account_id = 1\nsso_start_url = https://x\nsso_region = us east",
      "Provided region_name 'us east' doesn't match a supported format."
    ),
    (
      "sso_role_name =\nsso_account_id = 1\nsso_start_url = https://x\nsso_region = us-east-1",
      "Error loading SSO Token: Token for https://x does not exist"
    ),
  ]) func `incomplete keys fail in the CLI's words`(keys: String, message: String) async throws {
    let world = try IdentityCenterWorld(config: "[profile p]\n\(keys)\(Self.session)")
    #expect(await world.problem("p").message == message)
    #expect(world.requests.isEmpty)
  }

  @Test func `a profile with no role and no account does not use it`() async throws {
    let world = try IdentityCenterWorld(config: "[profile p]\nsso_session = my-sso")
    #expect(await world.problem("p").code == "notConfigured")
    #expect(await world.problem("absent").code == "notConfigured")
  }

  @Test func `keys that agree with the section may stand in both`() async throws {
    let world = try IdentityCenterWorld(
      config: "[profile p]\nsso_role_name = Ops\nsso_session = my-sso\nsso_region = us-east-1"
        + "\n[sso-session my-sso]\nsso_region = us-east-1"
        + "\nsso_start_url = https://d-abc.awsapps.com/start\nsso_account_id = 123456789012")
    try world.token(endsAfter: 7200)
    #expect(await world.problem("p").code == "found")
  }

  @Test func `names of sections may be quoted`() throws {
    let configuration = AWSConfiguration(
      environment: [:],
      config: try ConfigurationFile(
        parsing: "[sso-session \"two words\"]\nSSO_Region = us-east-1\n[sso-session]\nx = 1",
        path: "config"), credentials: ConfigurationFile())
    #expect(configuration.ssoSessions == ["two words": ["sso_region": "us-east-1"]])
  }

  @Test func `files are named as the CLI names them`() throws {
    func settings(_ name: String?) -> IdentityCenterSession {
      IdentityCenterSession(
        name: name, startURL: IdentityCenterWorld.startURL, region: "us-east-1", profile: "p")
    }
    #expect(
      settings("my-sso").tokenPath(home: "/h") == "/h/\(IdentityCenterWorld.sessionFile)")
    #expect(settings(nil).tokenPath(home: "/h") == "/h/\(IdentityCenterWorld.legacyFile)")
    let world = try IdentityCenterWorld()
    let session = try IdentityCenterSettings(of: "ops", in: world.configuration)
    #expect(session?.cacheKey == IdentityCenterWorld.sessionKey)
    let legacy = try IdentityCenterSettings(of: "legacy", in: world.configuration)
    #expect(legacy?.cacheKey == "50bc145fa1ddf5eb13d484b6d68040a3d12b3cb1")
  }

  /// The expectations are what Python's `json.dumps` prints.
  @Test func `texts are hashed in ASCII`() {
    #expect(PythonJSON.quoted("a/é😀") == #""a/\u00e9\ud83d\ude00""#)
    #expect(
      PythonJSON.quoted("\"\\\u{8}\t\n\u{C}\r\u{1}\u{7F}~") == #""\"\\\b\t\n\f\r\u0001\u007f~""#)
  }
}
