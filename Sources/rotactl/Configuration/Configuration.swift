internal import DurableFiles
internal import Glibc
internal import RotationCore

/// The configuration files that count for a command, read and joined.
///
/// Options: `--config` or `ROTACTL_CONFIG` names one file, or `none`; without it `./rotactl.json`
/// goes before `$XDG_CONFIG_HOME/rotactl/rotactl.json`. The system's file is always read, and comes
/// last. Guards: those of all files hold together, so that a nearer file adds to the system's and
/// loosens nothing.
struct Configuration: Sendable {
  /// Where a file came from.
  enum Role: String, Sendable, Hashable {
    case named, folder, user, system

    var words: String {
      switch self {
      case .named: "named by --config or ROTACTL_CONFIG"
      case .folder: "of the working folder"
      case .user: "of the user"
      case .system: "of the system"
      }
    }
  }

  /// A place where a file may stand.
  struct Candidate: Sendable, Hashable {
    let role: Role
    let path: String
    var isThere = false
  }

  static let systemPath = "/etc/rotactl/rotactl.json"
  static let fileName = "rotactl.json"
  /// The word that stands for no file but the system's.
  static let none = "none"
  private static let maximumBytes = 1 << 20

  var candidates: [Candidate] = []
  /// The nearest first.
  var layers: [SettingLayer] = []
  var guards = RunGuards()

  init() {}

  /// - `named`: what `--config` says; nil leaves it to the environment.
  /// - `system`: the system's file; tests name another.
  /// - Throws: a ``Diagnostic`` of status `usage` with every problem of every file.
  init(
    named: String?, environment: [String: String], system: String = Configuration.systemPath
  ) throws(Diagnostic) {
    candidates = Configuration.candidates(named, environment, system)
    var problems: [String] = []
    for index in candidates.indices {
      let candidate = candidates[index]
      guard let bytes = try Configuration.bytes(of: candidate) else { continue }
      candidates[index].isThere = true
      if candidate.role == .folder { try Configuration.checkOwner(of: candidate.path) }
      let file = ConfigFile(bytes, path: candidate.path, isOfFolder: candidate.role == .folder)
      problems += file.problems
      layers.append(file.layer)
      guards.add(file.guards)
    }
    guard problems.isEmpty else { throw Configuration.refusal(problems) }
  }

  static func refusal(_ problems: [String]) -> Diagnostic {
    var diagnostic = Diagnostic(
      "\(HumanText.count(problems.count, "problem")) in the configuration",
      hint: "mend each place named above, or name another file with --config", status: .usage)
    diagnostic.details = Array(problems.prefix(100))
    if problems.count > 100 { diagnostic.details.append("and \(problems.count - 100) more") }
    return diagnostic
  }

  private static func candidates(
    _ named: String?, _ environment: [String: String], _ system: String
  ) -> [Candidate] {
    func variable(_ name: String) -> String? {
      environment[name].flatMap { $0.isEmpty ? nil : $0 }
    }
    var found: [Candidate] = []
    if let name = named ?? variable("ROTACTL_CONFIG") {
      if name != Configuration.none { found.append(Candidate(role: .named, path: name)) }
    } else {
      found.append(Candidate(role: .folder, path: "./" + fileName))
      let home = variable("XDG_CONFIG_HOME") ?? variable("HOME").map { $0 + "/.config" }
      if let home, home.hasPrefix("/") {
        found.append(Candidate(role: .user, path: "\(home)/rotactl/\(fileName)"))
      }
    }
    return found + [Candidate(role: .system, path: system)]
  }

  /// - Returns: nil where there is no such file and none was asked for.
  private static func bytes(of candidate: Candidate) throws(Diagnostic) -> [UInt8]? {
    do throws(FileError) {
      return try DurableFile.read(candidate.path, atMost: maximumBytes)
    } catch {
      let isAbsent = error.isMissing || error.code == ENOTDIR
      if isAbsent, candidate.role != .named { return nil }
      throw Diagnostic(
        "the configuration cannot be read", because: error.description,
        hint: "mend the file, or name another with --config", status: .usage)
    }
  }

  /// A file that lies where the operator happens to stand is trusted only when nobody else can
  /// have written it.
  private static func checkOwner(of path: String) throws(Diagnostic) {
    var status = stat()
    guard lstat(path, &status) == 0 else { return }
    let isOurs = status.st_uid == geteuid() || status.st_uid == 0
    let isRegular = status.st_mode & S_IFMT == S_IFREG
    guard !isOurs || !isRegular || status.st_mode & 0o002 != 0 else { return }
    let why =
      !isRegular
      ? "it is no plain file"
      : isOurs ? "everybody may write to it" : "it belongs to user id \(status.st_uid)"
    throw Diagnostic(
      "the configuration of the working folder is not trusted", at: path, because: why,
      hint: "look into it, then name it with --config, or say --config none", status: .usage)
  }
}

/// One configuration file: its options judged one by one, and its guards.
struct ConfigFile {
  private(set) var layer = SettingLayer()
  private(set) var guards = RunGuards()
  /// Each with its place, what is wrong and how to mend it.
  private(set) var problems: [String] = []

  /// - `isOfFolder`: the file was only found in the working folder; it must not decide
  ///   where calls go.
  init(_ bytes: [UInt8], path: String, isOfFolder: Bool) {
    let document = ConfigDocument(parsing: bytes, file: path, known: SettingCatalogue.known) {
      try? DurationValue.read($0).seconds
    }
    guards = document.guards
    func place(_ position: TextPosition) -> String {
      "\(path):\(position.line):\(position.column)"
    }
    var found = document.problems.map { ($0.position, "\($0.what); \($0.mend)") }
    for option in document.options {
      guard let item = SettingCatalogue.items.first(where: { $0.member == option.member }) else {
        continue
      }
      if isOfFolder, item.leadsElsewhere {
        found.append(
          (
            option.position,
            "a file of the working folder does not decide '\(option.member)'; set it in your own "
              + "file, or name this one with --config"
          ))
        continue
      }
      let entry = SettingLayer.Entry(
        values: option.values, origin: place(option.position), isGeneral: true)
      if let problem = ConfigFile.problem(of: item.name, entry) {
        found.append((option.position, problem))
      } else {
        layer.set(item.name, entry)
      }
    }
    problems = found.sorted { ($0.0.line, $0.0.column) < ($1.0.line, $1.0.column) }.map {
      "\(place($0.0)): \($0.1)"
    }
  }

  /// Reads one option by the rules of the command line.
  private static func problem(of name: String, _ entry: SettingLayer.Entry) -> String? {
    var layer = SettingLayer()
    layer.set(name, entry)
    do {
      try SettingCatalogue.resolveAll(Settings(environment: [:], layers: [layer]))
      return nil
    } catch let problem as UsageProblem {
      return problem.what + (problem.hint.map { "; \($0)" } ?? "")
    } catch {
      return String(describing: error)
    }
  }
}

extension RunGuards {
  /// Adds rules; those that are there stay.
  mutating func add(_ other: RunGuards) {
    expectedAccounts += other.expectedAccounts
    forbiddenAccounts += other.forbiddenAccounts
    neverTouch += other.neverTouch
    maximumTargets += other.maximumTargets
    maximumAccounts += other.maximumAccounts
    requiresReason += other.requiresReason
    requiresIncident += other.requiresIncident
    freezeFiles += other.freezeFiles
    planMaximumAge += other.planMaximumAge
  }
}
