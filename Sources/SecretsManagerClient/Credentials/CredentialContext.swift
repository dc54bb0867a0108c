internal import RotationCore

/// What the sources of credentials may use of the world.
struct CredentialContext: Sendable {
  let configuration: AWSConfiguration
  /// The profile asked for by option or manifest, nil for the environment's or the default one.
  let explicitProfile: String?
  let options: ClientOptions
  let clock: @Sendable () -> Timestamp
  /// Waits for a number of seconds.
  let sleep: @Sendable (Double) async -> Void
  /// One HTTP exchange, as it is; signing is not its business.
  let exchange: @Sendable (HTTPRequest) async -> Result<HTTPResponse, TransportFailure>
  /// Takes a sentence for the operator about something that did not end the search.
  let warn: @Sendable (String) -> Void
  /// Keys that must not come from a store again.
  var refused = RefusedKeys()

  /// The name that the absence of a profile stands for, too.
  var profile: String { configuration.profileName(explicitProfile) }
  var preparation: CallPreparation { CallPreparation(configuration, options) }
  var cache: CLICache { CLICache(home: configuration.environment["HOME"], refused: refused) }
}
