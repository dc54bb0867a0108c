internal import ArgumentParser
internal import FoundationEssentials
internal import Glibc
internal import RotationCore

/// The whole tool: its commands and nothing else.
struct Rotactl: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rotactl",
    abstract:
      "Stop AWS Secrets Manager from rotating: many secrets, accounts and regions, with proof.",
    discussion: """
      EXAMPLES
        rotactl drill manifests/example.csv        the whole job on a simulated account
        rotactl whoami --profile prod              who am I, do my credentials work
        rotactl discover --region all --rotating   find what rotates, as a manifest
        rotactl plan incident.csv                  preview; changes nothing
        rotactl run incident.csv --incident INC-7  turn rotation off, write reports and a bundle
        rotactl verify reports/RUN.tar.gz          check a bundle
        rotactl restore RUN                        rotation on again, exactly as it was

      \(ExitStatus.helpSection)
      """,
    version: ToolVersion.name,
    subcommands: [
      WhoamiCommand.self, DiscoverCommand.self, PlanCommand.self, RunCommand.self,
      ResumeCommand.self, TuneCommand.self, RestoreCommand.self, PendingCommand.self,
      ReportCommand.self, VerifyCommand.self, UploadCommand.self, BundleCommand.self,
      KeysCommand.self, SchemaCommand.self, DrillCommand.self, SimulateCommand.self,
      ConfigCommand.self,
    ])
}

/// The version that plans, journals and reports carry.
enum ToolVersion {
  static let text = "0.1.0"
  static let name = "rotactl \(text)"
}

/// A command that ends with one of our statuses.
protocol RotactlCommand: ParsableCommand {
  var output: OutputOptions { get }
  /// Whether configuration files count for this command.
  static var isConfigured: Bool { get }
  /// Does the work; failures that it foresees are printed before it returns.
  func execute(_ process: ProcessContext) async throws -> ExitStatus
}

extension RotactlCommand {
  static var isConfigured: Bool { true }
}

/// What a command may know of the process that it runs in.
struct ProcessContext: Sendable {
  let surroundings: Surroundings
  var settings: Settings
  let environment: [String: String]
  /// Of the configuration files; options can add to them.
  var guards = RunGuards()

  /// With the configuration files that count, below the environment.
  func configured(named file: String?) throws(Diagnostic) -> ProcessContext {
    let configuration = try Configuration(named: file, environment: environment)
    var context = self
    context.settings = Settings(environment: environment, layers: configuration.layers)
    context.guards = configuration.guards
    return context
  }

  static func ofProcess() -> ProcessContext {
    let environment = ProcessInfo.processInfo.environment
    return ProcessContext(
      surroundings: .ofProcess(), settings: Settings(environment: environment),
      environment: environment)
  }
}

@main
enum Main {
  static func main() async {
    // A reader that went away must not end a run; writes answer EPIPE instead.
    signal(SIGPIPE, SIG_IGN)
    let words = Array(CommandLine.arguments.dropFirst())
    if words == ["--version"] {
      // Asked by scripts, often; the parser's own way to the same answer takes longer than the rest.
      CommandStreams.write(Array("\(ToolVersion.name)\n".utf8), to: STDOUT_FILENO)
      return
    }
    // A limit on file sizes answers EFBIG instead of ending the process in the middle of a record.
    signal(SIGXFSZ, SIG_IGN)
    let context = ProcessContext.ofProcess()
    guard !DropIn.isMeant(by: words) else {
      exit(await DropIn(environment: context.environment, streams: .ofProcess()).run(words))
    }
    let status = await run(context)
    exit(status.rawValue)
  }

  private static func run(_ context: ProcessContext) async -> ExitStatus {
    var console = Console(context.surroundings)
    do {
      var command = try Rotactl.parseAsRoot()
      if let ours = command as? any RotactlCommand {
        console = try ours.output.resolved(context.settings).console(context.surroundings)
        guard type(of: ours).isConfigured else { return try await ours.execute(context) }
        let configured = try context.configured(named: ours.output.config)
        console = try ours.output.resolved(configured.settings).console(context.surroundings)
        return try await ours.execute(configured)
      }
      guard command is Rotactl else {
        // The parser's own commands, such as `help`, say what they have to say by throwing it.
        try command.run()
        return .success
      }
      console.result(Rotactl.helpMessage())
      return .usage
    } catch let diagnostic as Diagnostic {
      console.fail(diagnostic)
      return diagnostic.status
    } catch let error as UsageProblem {
      return ParseFailure.show(error, of: Rotactl.self, on: console)
    } catch {
      if isParserError(error) { return ParseFailure.show(error, of: Rotactl.self, on: console) }
      let diagnostic = Foreseen.diagnostic(of: error)
      console.fail(diagnostic)
      return diagnostic.status
    }
  }

  /// ArgumentParser's errors are of types of its own that cannot be named.
  private static func isParserError(_ error: any Error) -> Bool {
    let type = String(reflecting: Swift.type(of: error))
    return type.hasPrefix("ArgumentParser.") || error is CleanExit || error is ValidationError
  }
}
