internal import Glibc

/// The settings of the environment and of `~/.aws`, merged as the AWS CLI merges them.
///
/// A value: nothing is read after `load`. Empty variables and keys count as not set, unless the
/// configuration was made to take them for values, as the AWS CLI does.
package struct AWSConfiguration: Sendable {
  package typealias Values = [String: String]

  /// Where a setting of a profile stands.
  package struct Origin: Sendable, Hashable {
    /// Whether it is the credentials file, else the config file.
    package let isCredentialsFile: Bool
    package let path: String
  }

  /// Whether an empty setting is a value, which then is refused or means nothing.
  package let countsEmpty: Bool
  /// The variables that are not empty.
  package let environment: [String: String]
  /// All variables as they were given, also the empty ones, which matter to a few settings.
  package let givenEnvironment: [String: String]
  let proxies: ProxyVariables
  /// Profile name to its keys; those of the credentials file have replaced the config file's.
  package private(set) var profiles: [String: Values] = [:]
  /// The keys of each profile that stand in the credentials file.
  package private(set) var credentialsFile: [String: Values] = [:]
  /// `[sso-session NAME]` to its keys.
  package private(set) var ssoSessions: [String: Values] = [:]
  /// `[services NAME]` to its keys; a service's settings are one nested value.
  package private(set) var services: [String: Values] = [:]
  /// The files that exist and could not be opened; the CLI takes these as empty.
  package private(set) var unreadableFiles: [String] = []
  private var configPath = ""
  private var credentialsPath = ""

  package init(
    environment: [String: String], config: ConfigurationFile, credentials: ConfigurationFile,
    countsEmpty: Bool = false
  ) {
    self.countsEmpty = countsEmpty
    givenEnvironment = environment
    proxies = ProxyVariables(environment)
    self.environment = environment.filter { !$0.value.isEmpty }
    for section in config.sections { add(section) }
    for section in credentials.sections {
      credentialsFile[section.name] = section.values
    }
    addPadded(config, credentials)
    for (name, values) in credentialsFile {
      profiles[name, default: [:]].merge(values) { $1 }
    }
  }

  /// The kind is the beginning of a section's name, whatever follows; a later one replaces.
  private mutating func add(_ section: ConfigurationFile.Section) {
    let name = section.name
    if name == "default" {
      profiles[name] = section.values
    } else if name.utf8.starts(with: "profile".utf8) {
      if let key = AWSConfiguration.second(name) { profiles[key] = section.values }
    } else if name.utf8.starts(with: "sso-session".utf8) {
      if let key = AWSConfiguration.second(name) { ssoSessions[key] = section.values }
    } else if name.utf8.starts(with: "services".utf8) {
      if let key = AWSConfiguration.second(name) { services[key] = section.values }
    }
  }

  /// Headers with blanks inside the brackets, which the SDKs trim and the CLI passes over.
  ///
  /// One counts only where no plain header gives that name.
  private mutating func addPadded(_ config: ConfigurationFile, _ credentials: ConfigurationFile) {
    for section in config.sections where PythonText.trim(section.name) != section.name {
      let words = ShellWords.split(section.name) ?? []
      if words == ["default"], profiles["default"] == nil {
        profiles["default"] = section.values
      } else if words.count == 2, words[0] == "profile", profiles[words[1]] == nil {
        profiles[words[1]] = section.values
      }
    }
    for section in credentials.sections {
      let name = PythonText.trim(section.name)
      guard !name.isEmpty, name != "DEFAULT", credentialsFile[name] == nil else { continue }
      credentialsFile[name] = section.values
    }
  }

  private static func second(_ name: String) -> String? {
    guard let words = ShellWords.split(name), words.count == 2 else { return nil }
    return words[1]
  }

  /// Reads the two files where AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE say, else in
  /// `$HOME/.aws`.
  ///
  /// A missing file, a folder, or one that may not be opened is an empty one, as in the CLI.
  package static func load(
    environment: [String: String], countsEmpty: Bool = false
  ) throws(ConfigurationError) -> AWSConfiguration {
    var unreadable: [String] = []
    func path(_ variable: String, _ name: String) -> String {
      let chosen = environment[variable].flatMap { $0.isEmpty && !countsEmpty ? nil : $0 }
      return ConfigurationPath.expand(chosen ?? "~/.aws/\(name)", environment)
    }
    func file(_ path: String) throws(ConfigurationError) -> ConfigurationFile {
      switch try read(path) {
      case .bytes(let bytes): return try ConfigurationFile(parsing: bytes, path: path)
      case .unreadable: unreadable.append(path)
      case .absent: break
      }
      return ConfigurationFile()
    }
    let config = path("AWS_CONFIG_FILE", "config")
    let credentials = path("AWS_SHARED_CREDENTIALS_FILE", "credentials")
    var result = AWSConfiguration(
      environment: environment, config: try file(config), credentials: try file(credentials),
      countsEmpty: countsEmpty)
    result.configPath = config
    result.credentialsPath = credentials
    result.unreadableFiles = unreadable
    return result
  }

  /// Replaces `$NAME`, `${NAME}`, and a leading `~` or `~user`.
  static func expand(_ path: String, _ environment: [String: String]) -> String {
    ConfigurationPath.expand(path, environment)
  }

  private enum Content {
    case bytes([UInt8])
    case absent
    case unreadable
  }

  /// At most 4 MiB are read; a larger file is an error.
  private static func read(_ path: String) throws(ConfigurationError) -> Content {
    // Only regular files count; opening a pipe could wait for ever.
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return .absent }
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return .unreadable }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 16 << 10)
    while true {
      let count = Glibc.read(descriptor, &buffer, buffer.count)
      if count == 0 { return .bytes(bytes) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return .unreadable }
      guard bytes.count + count <= 4 << 20 else {
        throw ConfigurationError(
          code: "ConfigParseError",
          message: "Unable to read config file: \(path) (\(String(cString: strerror(EFBIG))))")
      }
      bytes += buffer[..<count]
    }
  }

  // MARK: - Profiles

  /// The profile that was named, by the caller or by a variable.
  package func chosenProfile(_ explicit: String?) -> String? {
    explicit ?? variable("AWS_PROFILE") ?? variable("AWS_DEFAULT_PROFILE")
  }

  /// The profile that a name, or its absence, stands for.
  package func profileName(_ explicit: String?) -> String { chosenProfile(explicit) ?? "default" }

  /// Whether either file has the profile; `default` always exists.
  package func profileExists(_ name: String) -> Bool {
    name == "default" || profiles[name] != nil
  }

  /// The error for a named profile that is in neither file; nil when all is well.
  ///
  /// As in the CLI, `default` may be missing only as long as nobody names it.
  package func missingProfile(_ explicit: String?) -> ConfigurationError? {
    guard let name = chosenProfile(explicit), profiles[name] == nil else { return nil }
    return ConfigurationError(
      code: "ProfileNotFound", message: "The config profile (\(name)) could not be found")
  }

  /// A variable; nil when it is missing or empty.
  func variable(_ name: String) -> String? {
    countsEmpty ? givenEnvironment[name] : environment[name]
  }

  /// A profile's key; nil when it is missing or empty.
  package func value(_ key: String, ofProfile explicit: String?) -> String? {
    profiles[profileName(explicit)]?[key].flatMap { $0.isEmpty && !countsEmpty ? nil : $0 }
  }

  /// The file that a profile's key was taken from; nil where no file has the key.
  package func origin(of key: String, profile explicit: String?) -> Origin? {
    let name = profileName(explicit)
    guard profiles[name]?[key] != nil else { return nil }
    let isCredentialsFile = credentialsFile[name]?[key] != nil
    return Origin(
      isCredentialsFile: isCredentialsFile, path: isCredentialsFile ? credentialsPath : configPath)
  }
}
