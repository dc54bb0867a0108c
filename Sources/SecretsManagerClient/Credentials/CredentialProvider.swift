package import RotationCore

/// What one source of credentials has to say.
package enum ProviderAnswer: Sendable {
  case found(Credentials)
  /// The source is not set up; the text says what is missing.
  case notConfigured(String)
  /// The source is set up and did not work; the chain ends here.
  case failed(ServiceFailure)
}

/// One place that credentials can come from.
package protocol CredentialProvider: Sendable {
  /// botocore's name for it, which `aws configure list` shows too.
  var name: String { get }

  /// Looks for credentials; STS is asked in `region`, if it is.
  func credentials(region: String) async -> ProviderAnswer

  /// What can be said before the source is asked.
  var setup: ProviderSetup { get }
}

/// How far the AWS CLI goes with a source before it knows a region.
package enum ProviderSetup: Sendable {
  /// The source is not set up.
  case absent
  /// The source is asked right away, or needs no asking.
  case early
  /// The source is set up, and asked only when a request is to be signed.
  case postponed
  /// The source's settings are wrong.
  case failed(ServiceFailure)

  /// Of a source that is asked late.
  ///
  /// - `isConfigured`: reads the settings and throws what is wrong with them.
  static func late(_ isConfigured: () throws(ServiceFailure) -> Bool) -> ProviderSetup {
    do throws(ServiceFailure) {
      return try isConfigured() ? .postponed : .absent
    } catch {
      return .failed(error)
    }
  }
}

extension CredentialProvider {
  package var setup: ProviderSetup { .early }
}

/// A source that needs nobody to ask.
protocol ReadyProvider: CredentialProvider {
  var answer: ProviderAnswer { get }
}

extension ReadyProvider {
  func credentials(region: String) async -> ProviderAnswer { answer }

  var setup: ProviderSetup {
    if case .notConfigured = answer { .absent } else { .early }
  }
}

/// AWS_ACCESS_KEY_ID and its companions.
struct EnvironmentProvider: ReadyProvider {
  let name = "env"
  let environment: [String: String]
  let now: Timestamp
  /// A profile that was asked for by name beats the environment.
  let isSkipped: Bool

  var answer: ProviderAnswer {
    guard !isSkipped else { return .notConfigured("a profile was named") }
    guard let key = environment["AWS_ACCESS_KEY_ID"] else {
      return .notConfigured("AWS_ACCESS_KEY_ID is not set")
    }
    guard let secret = environment["AWS_SECRET_ACCESS_KEY"] else {
      return .failed(
        .local(
          "PartialCredentials",
          "Partial credentials found in env, missing: AWS_SECRET_ACCESS_KEY"))
    }
    var end: Timestamp?
    if let text = environment["AWS_CREDENTIAL_EXPIRATION"] {
      end = Timestamp(iso8601: text)
      guard let end, end > now else {
        return .failed(
          .local(
            "ExpiredCredentials",
            end == nil
              ? "Unknown string format: \(text)"
              : "Credentials were refreshed, but the refreshed credentials are still expired."
          ).adding("(AWS_CREDENTIAL_EXPIRATION)"))
      }
    }
    return .found(
      Credentials(
        accessKeyID: key, secretAccessKey: secret,
        sessionToken: environment["AWS_SECURITY_TOKEN"] ?? environment["AWS_SESSION_TOKEN"],
        expiration: end, accountID: environment["AWS_ACCOUNT_ID"]))
  }
}

/// `aws_access_key_id` and its companions in one of the files.
struct StaticKeysProvider: ReadyProvider {
  /// `shared-credentials-file` or `config-file`, botocore's names.
  let name: String
  /// Nil where the file has no such profile.
  let values: [String: String]?

  var answer: ProviderAnswer {
    guard let values else { return .notConfigured("the profile is not there") }
    func value(_ key: String) -> String? { values[key].flatMap { $0.isEmpty ? nil : $0 } }
    guard let key = value("aws_access_key_id") else {
      return .notConfigured("aws_access_key_id is not set")
    }
    guard let secret = value("aws_secret_access_key") else {
      return .failed(
        .local(
          "PartialCredentials",
          "Partial credentials found in \(name), missing: aws_secret_access_key"))
    }
    return .found(
      Credentials(
        accessKeyID: key, secretAccessKey: secret,
        sessionToken: value("aws_security_token") ?? value("aws_session_token"),
        accountID: value("aws_account_id")))
  }
}
