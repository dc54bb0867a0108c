internal import Glibc

/// The settings of the environment and of `~/.aws`, merged as the AWS CLI merges them.
///
/// A value: nothing is read after ``load(environment:)``. Empty variables count as not set.
package struct AWSConfiguration: Sendable {
  package typealias Values = [String: String]

  package let environment: [String: String]
  /// Profile name to its keys; those of the credentials file have replaced the config file's.
  package private(set) var profiles: [String: Values] = [:]
  /// The keys of each profile that stand in the credentials file.
  package private(set) var credentialsFile: [String: Values] = [:]
  /// `[services NAME]` to service key to its settings.
  package private(set) var services: [String: [String: Values]] = [:]
  /// `[sso-session NAME]` to its settings.
  package private(set) var ssoSessions: [String: Values] = [:]

  package init(
    environment: [String: String], config: ConfigurationFile, credentials: ConfigurationFile
  ) {
    self.environment = environment.filter { !$0.value.isEmpty }
    for section in config.sections {
      let words = ShellWords.split(section.name)
      if words == ["default"] {
        profiles["default"] = section.values
      } else if words.count == 2, words[0] == "profile" {
        profiles[words[1]] = section.values
      } else if words.count == 2, words[0] == "services" {
        services[words[1]] = section.values.compactMapValues(ConfigurationFile.nested)
      } else if words.count == 2, words[0] == "sso-session" {
        ssoSessions[words[1]] = section.values
      }
    }
    for section in credentials.sections {
      credentialsFile[section.name] = section.values
      profiles[section.name, default: [:]].merge(section.values) { $1 }
    }
  }

  /// Reads the two files where AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE say, else in
  /// `$HOME/.aws`; a missing file is an empty one.
  package static func load(
    environment: [String: String]
  ) throws(ConfigurationError) -> AWSConfiguration {
    func file(_ variable: String, _ name: String) throws(ConfigurationError) -> ConfigurationFile {
      let chosen = environment[variable].flatMap { $0.isEmpty ? nil : $0 }
      let path = expand(chosen ?? "~/.aws/\(name)", environment)
      guard let text = try read(path) else { return ConfigurationFile() }
      return try ConfigurationFile(parsing: text, path: path)
    }
    return AWSConfiguration(
      environment: environment, config: try file("AWS_CONFIG_FILE", "config"),
      credentials: try file("AWS_SHARED_CREDENTIALS_FILE", "credentials"))
  }

  /// Replaces a leading `~` by HOME; without HOME the text stays, and names no file.
  static func expand(_ path: String, _ environment: [String: String]) -> String {
    guard path == "~" || path.hasPrefix("~/"), let home = environment["HOME"], !home.isEmpty else {
      return path
    }
    return home + path.dropFirst()
  }

  /// - Returns: nil for a file that does not exist. At most 4 MiB are read.
  private static func read(_ path: String) throws(ConfigurationError) -> String? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      if errno == ENOENT || errno == ENOTDIR { return nil }
      throw unreadable(path, errno)
    }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 16 << 10)
    while true {
      let count = Glibc.read(descriptor, &buffer, buffer.count)
      if count == 0 { return String(decoding: bytes, as: UTF8.self) }
      if count < 0, errno == EINTR { continue }
      guard count > 0, bytes.count + count <= 4 << 20 else {
        throw unreadable(path, count < 0 ? errno : EFBIG)
      }
      bytes += buffer[..<count]
    }
  }

  private static func unreadable(_ path: String, _ code: Int32) -> ConfigurationError {
    ConfigurationError(
      code: "ConfigParseError",
      message: "Unable to read config file: \(path) (\(String(cString: strerror(code))))")
  }

  // MARK: - Profiles

  /// The profile that a name, or its absence, stands for.
  package func profileName(_ explicit: String?) -> String {
    explicit ?? environment["AWS_PROFILE"] ?? environment["AWS_DEFAULT_PROFILE"] ?? "default"
  }

  /// Whether either file has the profile; `default` always exists.
  package func profileExists(_ name: String) -> Bool {
    name == "default" || profiles[name] != nil
  }

  /// The error for a named profile that is in neither file; nil when all is well.
  package func missingProfile(_ explicit: String?) -> ConfigurationError? {
    let name = profileName(explicit)
    guard !profileExists(name) else { return nil }
    return ConfigurationError(
      code: "ProfileNotFound", message: "The config profile (\(name)) could not be found")
  }

  /// A profile's key; nil when it is missing or empty.
  package func value(_ key: String, ofProfile explicit: String?) -> String? {
    profiles[profileName(explicit)]?[key].flatMap { $0.isEmpty ? nil : $0 }
  }
}

/// Splitting a section's name as a POSIX shell splits words: blanks, quotes, backslashes.
enum ShellWords {
  static func split(_ text: String) -> [String] {
    var words: [String] = []
    var word: String?
    var quote: Character?
    var escaped = false
    for character in text {
      if escaped {
        word = (word ?? "") + String(character)
        escaped = false
      } else if character == "\\", quote != "'" {
        escaped = true
      } else if let open = quote {
        if character == open { quote = nil } else { word = (word ?? "") + String(character) }
      } else if character == "\"" || character == "'" {
        quote = character
        word = word ?? ""
      } else if character == " " || character == "\t" {
        if let done = word { words.append(done) }
        word = nil
      } else {
        word = (word ?? "") + String(character)
      }
    }
    if let word { words.append(word) }
    return words
  }
}
