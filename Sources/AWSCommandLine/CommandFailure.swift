package import OutputFormats
package import RotationCore

/// Why the command ends without success, with all that any error format shows.
package struct CommandFailure: Error, Sendable, Hashable {
  package let exitCode: Int32
  /// The name in parentheses, such as `ParamValidation`; nil for errors that are always plain.
  package let code: String?
  /// The message alone, with the usage text where that belongs to it.
  package let message: String
  /// The whole sentence of the enhanced format.
  package let sentence: String
  /// Whether the usage stands before the message, as it does for unknown options.
  package let isUsageFirst: Bool
  /// What the service said, where the failure is its refusal.
  private let refusal: ServiceRefusal?

  init(
    exitCode: Int32, code: String?, message: String, sentence: String? = nil,
    isUsageFirst: Bool = false, refusal: ServiceRefusal? = nil
  ) {
    self.refusal = refusal
    self.exitCode = exitCode
    self.code = code
    self.message = message
    self.sentence = sentence ?? code.map { "An error occurred (\($0)): \(message)" } ?? message
    self.isUsageFirst = isUsageFirst
  }

  /// The bytes for standard error; a table takes colour and width from the style.
  ///
  /// An error without a code looks the same in every format.
  package func standardError(
    _ format: ErrorFormat = .enhanced,
    _ style: OutputStyle = OutputStyle(format: .json, operationName: "error")
  ) -> [UInt8] {
    guard let code else {
      let usage = isUsageFirst ? "\nusage: \(Usage.text)\n" : ""
      return Array(usage.utf8) + ErrorText.unstructured(message)
    }
    let text =
      refusal.map {
        ErrorText(
          serviceCode: code, message: $0.untypedMessage ?? .string(message), sentence: sentence,
          namesCodeFirst: $0.namesCodeFirst)
      } ?? ErrorText(localCode: code, message: message)
    return text.render(format, style)
  }
}

/// An error that a service answered with.
package struct ServiceRefusal: Sendable, Hashable {
  package var code: String
  package var message: String
  /// Stands for the message in structured formats, where it was no text.
  package var untypedMessage: JSONValue?
  /// Such as `CancelRotateSecret`.
  package var operation: String
  /// Set where the attempts were used up.
  package var retries: Int?
  /// Whether the code stands first in formats that keep an order.
  package var namesCodeFirst = false

  package init(code: String, message: String, operation: String, retries: Int? = nil) {
    self.code = code
    self.message = message
    self.operation = operation
    self.retries = retries
  }

  fileprivate var sentence: String {
    let attempts = retries.map { " (reached max retries: \($0))" } ?? ""
    return "An error occurred (\(code)) when calling the \(operation) operation\(attempts): "
      + message
  }
}

/// What a call met; the text that the AWS CLI gives for it is in ``CommandFailure``.
package enum CallProblem: Sendable, Hashable {
  case service(ServiceRefusal)
  /// The parameters of a call for credentials; the text names every problem.
  case parameters(String)
  case noCredentials
  case partialCredentials(provider: String, missing: String)
  case noRegion
  case badRegion(String)
  case badEndpoint(String)
  case unreachable(url: String)
  case connectTimeout(url: String)
  case readTimeout(url: String)
  case connectionClosed(url: String)
  case tls(url: String, reason: String)
  case proxy(url: String)
  case unknownProfile(String)
  case unreadableConfig(path: String)
  case unknownOutput(String)
  case pager(String)
  case other(String)
}

extension CommandFailure {
  static let generalCode: Int32 = 255
  static let serviceCode: Int32 = 254
  static let configurationCode: Int32 = 253
  package static let parameterCode: Int32 = 252

  /// The final error of a call that met a problem.
  package init(_ problem: CallProblem) {
    switch problem {
    case .service(let refusal):
      self.init(
        exitCode: CommandFailure.serviceCode, code: refusal.code, message: refusal.message,
        sentence: refusal.sentence, refusal: refusal)
    case .parameters(let text): self.init(parameter: text)
    case .noCredentials:
      self.init(
        configuration: "NoCredentials",
        "Unable to locate credentials. You can configure credentials by running \"aws login\".")
    case .noRegion:
      self.init(
        configuration: "NoRegion",
        "You must specify a region. You can also configure your region by running "
          + "\"aws configure\".")
    case .pager(let reason):
      self.init(
        configuration: "Pager",
        "Unable to redirect output to pager. Received the following error when opening pager:\n"
          + "\(reason)\n\nLearn more about configuring the output pager by running "
          + "\"aws help config-vars\".")
    default: self.init(general: CommandFailure.text(of: problem))
    }
  }

  private static func text(of problem: CallProblem) -> String {
    switch problem {
    case .partialCredentials(let provider, let missing):
      "Partial credentials found in \(provider), missing: \(missing)"
    case .badRegion(let region):
      "Provided region_name '\(region)' doesn't match a supported format."
    case .badEndpoint(let url): "Invalid endpoint: \(url)"
    case .unreachable(let url): "Could not connect to the endpoint URL: \"\(url)\""
    case .connectTimeout(let url): "Connect timeout on endpoint URL: \"\(url)\""
    case .readTimeout(let url): "Read timeout on endpoint URL: \"\(url)\""
    case .connectionClosed(let url):
      "Connection was closed before we received a valid response from endpoint URL: \"\(url)\"."
    case .tls(let url, let reason): "SSL validation failed for \(url) \(reason)"
    case .proxy(let url): "Failed to connect to proxy URL: \"\(url)\""
    case .unknownProfile(let name): "The config profile (\(name)) could not be found"
    case .unreadableConfig(let path): "Unable to parse config file: \(path)"
    case .unknownOutput(let name): "Unknown output type: \(name)"
    case .other(let text): text
    case .service, .parameters, .noCredentials, .noRegion, .pager: ""
    }
  }

  init(general message: String) {
    self.init(exitCode: CommandFailure.generalCode, code: nil, message: message)
  }

  init(configuration code: String, _ message: String) {
    self.init(exitCode: CommandFailure.configurationCode, code: code, message: message)
  }

  init(parameter message: String) {
    self.init(
      exitCode: CommandFailure.parameterCode, code: "ParamValidation", message: message)
  }

  init(usageMistake message: String, usage: String = Usage.text) {
    self.init(parameter: "\(message)\n\nusage: \(usage)")
  }

  init(unknownOptions words: [String]) {
    self.init(
      exitCode: CommandFailure.parameterCode, code: nil,
      message: "Unknown options: \(words.joined(separator: ", "))", isUsageFirst: true)
  }
}

/// The usage texts that parse errors show.
enum Usage {
  static let text = """
    rotactl [options] <command> <subcommand> [<subcommand> ...] [parameters]
    To see help text, you can run:

      rotactl help
      rotactl <command> help
      rotactl <command> <subcommand> help

    """
  static let firstPass = "rotactl [--profile PROFILE] [--debug]\n"
}

extension String {
  var strippedOfBlanks: String {
    func isBlank(_ scalar: Unicode.Scalar) -> Bool {
      // Python also counts the four information separators.
      scalar.properties.isWhitespace || (0x1C...0x1F).contains(scalar.value)
    }
    let scalars = unicodeScalars
    guard let start = scalars.firstIndex(where: { !isBlank($0) }),
      let end = scalars.lastIndex(where: { !isBlank($0) })
    else { return "" }
    return String(scalars[start...end])
  }
}
