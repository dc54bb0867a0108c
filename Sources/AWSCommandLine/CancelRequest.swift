package import OutputFormats
package import JMESPath
package import RotationCore

/// A command line that asks for the call, ready for the executor.
package struct CancelRequest: Sendable {
  package var options: GlobalOptions
  /// The parameters as they were given, types and names unchecked.
  var parameters: [LooseValue.Member]

  /// The members of the request's body.
  ///
  /// Call this once profile, region and endpoint are known to be good and before credentials are
  /// loaded: that is the order in which the AWS CLI reports problems.
  ///
  /// - Throws: ``CommandFailure`` that names every problem of the parameters.
  package func validatedInput() throws(CommandFailure) -> JSONObject {
    let member = "SecretId"
    var names: [String] = []
    var secretID: LooseValue?
    for parameter in parameters {
      guard case .json(.string(let name)) = parameter.key else {
        throw CommandFailure(general: "keywords must be strings")
      }
      if name == member { secretID = parameter.value } else { names.append(name) }
    }
    var problems: [String] = []
    if secretID == nil { problems.append("Missing required parameter in input: \"\(member)\"") }
    problems += names.map { "Unknown parameter in input: \"\($0)\", must be one of: \(member)" }
    if case .json(.string(let text)) = secretID {
      if text.isEmpty {
        problems.append("Invalid length for parameter \(member), value: 0, valid min length: 1")
      } else if problems.isEmpty {
        return JSONObject([JSONObject.Member(key: member, value: .string(text))])
      }
    } else if let secretID {
      problems.append(
        "Invalid type for parameter \(member), value: \(secretID.text), "
          + "type: \(secretID.typeName), valid types: <class 'str'>")
    }
    let list = problems.joined(separator: "\n")
    throw CommandFailure(parameter: "Parameter validation failed:\n\(list)")
  }
}

/// The options that stand before or after the command.
package struct GlobalOptions: Sendable {
  package var profile: String?
  package var region: String?
  package var endpointURL: String?
  package var verifySSL = true
  package var caBundle: String?
  /// Nil leaves the choice to the environment and the configuration.
  package var output: String?
  package var query: JMESPathExpression?
  package var color = "auto"
  package var noSignRequest = false
  /// Seconds; nil waits without end.
  package var readTimeout: Int? = 60
  /// Seconds; nil waits without end.
  package var connectTimeout: Int? = 60
  package var debug = false
  package var noPager = false
  package var noPaginate = false
  /// ``PromptMode/full`` never gets as far as a request.
  package var promptMode = PromptMode.off
  /// The format in force, from the option, the environment or the configuration.
  package var errorFormat = ErrorFormat.enhanced
  package var binaryFormat = "base64"
}

/// What the configuration says of the chosen profile.
package struct CommandSettings: Sendable, Hashable {
  package var errorFormat: String?
  package var autoPrompt: String?
  package var binaryFormat: String?
  package var timestampFormat: String?

  package init(
    errorFormat: String? = nil, autoPrompt: String? = nil, binaryFormat: String? = nil,
    timestampFormat: String? = nil
  ) {
    self.timestampFormat = timestampFormat
    self.errorFormat = errorFormat
    self.autoPrompt = autoPrompt
    self.binaryFormat = binaryFormat
  }
}

/// What the command line is read in.
package struct CommandEnvironment: Sendable {
  package var variables: [String: String]
  /// The settings of a profile, nil being that of the environment; nil when there is none of that
  /// name.
  package var settings: @Sendable (_ profile: String?) -> CommandSettings?
  package var readFile: @Sendable (_ path: String) throws(FileProblem) -> [UInt8]
  package var homeOfUser: @Sendable (_ name: String) -> String?
  /// The version of this tool.
  package var version: String

  package init(
    variables: [String: String], version: String,
    settings: @escaping @Sendable (_ profile: String?) -> CommandSettings? = { _ in
      CommandSettings()
    },
    readFile: @escaping @Sendable (_ path: String) throws(FileProblem) -> [UInt8] =
      LocalFiles.read,
    homeOfUser: @escaping @Sendable (_ name: String) -> String? = LocalFiles.homeOfUser
  ) {
    self.variables = variables
    self.version = version
    self.settings = settings
    self.readFile = readFile
    self.homeOfUser = homeOfUser
  }
}

/// What became of a command line.
package enum CommandOutcome: Sendable {
  /// All is done; the bytes are for standard output and the exit code is 0.
  case finished(standardOutput: [UInt8])
  case failed(CommandFailure, ErrorFormat)
  case request(CancelRequest)
  /// The person is to be asked for the command line.
  case prompt
}

/// When the interactive prompt asks.
package enum PromptMode: String, Sendable, Hashable {
  case off
  /// Always, before anything is done.
  case full = "on"
  /// Where the words or the parameters are wrong.
  case partial = "on-partial"
}
