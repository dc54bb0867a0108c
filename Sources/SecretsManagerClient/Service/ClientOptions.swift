/// What the command line says about calls; it beats the environment and the profiles.
package struct ClientOptions: Sendable {
  /// The endpoint URL of one service; STS keeps its own.
  package var endpointURL: String?
  /// Whose endpoint ``endpointURL`` is.
  package var endpointService = EndpointService.secretsManager
  /// A PEM file with the only roots to trust; `~` is expanded.
  package var caBundle: String?
  package var verifySSL = true
  /// 0 for no limit.
  package var connectTimeoutSeconds: Double = 60
  /// Silence after which an answer is given up; whole seconds, rounded up; 0 for no limit.
  package var readTimeoutSeconds: Double = 60
  package var maxHostConnections = 64
  /// For roles whose profile names none; `rotactl-<epoch seconds>` when nil.
  package var sessionName: String?
  /// Asks the operator for the code of an MFA device; nil where there is nobody to ask.
  package var mfaPrompt: (@Sendable (_ serial: String, _ profile: String) async -> String?)?
  /// Sends requests without credentials.
  package var noSignRequest = false
  /// What follows `rotactl/` in the user agent.
  package var productVersion = "0"
  /// Appended to the user agent, such as `md/command#run`; ASCII without blanks at the ends.
  package var userAgentSuffix = ""
  /// Takes one line per exchange, free of credentials, signatures and bodies.
  package var debug: (@Sendable (String) -> Void)?
  /// Takes a sentence about credentials that could not be renewed in time or lie open to others.
  package var warn: (@Sendable (String) -> Void)?

  /// Whether empty settings are values; see ``AWSConfiguration/countsEmpty``.
  package var countsEmptySettings = false
  /// Whether every repeated attempt opens a connection of its own.
  ///
  /// libcurl sends a request once more, uncounted, where a kept connection turns out to be dead.
  package var usesFreshConnections = false

  /// Repeats calls for credentials.
  ///
  /// Nil where whoever asks for credentials asks again.
  package var repeatsCredentialCalls: RepeatedCall?

  package init() {}
}

/// Why a client could not be made.
package struct ClientSetupError: Error, Sendable, Hashable {
  /// `ConfigParseError`, `InvalidEndpoint`, `TransportSetup`.
  package let code: String
  package let message: String
}
