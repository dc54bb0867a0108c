internal import ArgumentParser
internal import DurableFiles
internal import RotationCore
internal import RunEngine
internal import SecretsManagerSimulator

/// The simulator alone, for any AWS client on this machine.
struct SimulateCommand: RotactlCommand {
  static let configuration = CommandConfiguration(
    commandName: "simulate",
    abstract: "A pretend Secrets Manager and STS on 127.0.0.1, for any AWS client.",
    discussion: """
      Prints the settings that lead a client there as shell commands, and serves until it is \
      interrupted.

      EXAMPLES
        rotactl simulate --scenario manifests/drill.json --aws-files /tmp/simulated
        rotactl simulate --port 4566 --json

      \(ExitStatus.helpSection)
      """)

  @Option(help: ArgumentHelp("A scenario file; see manifests/SCENARIO.md.", valueName: "file"))
  var scenario: String?
  @Option(help: ArgumentHelp("The port (default: any free one).", valueName: "number"))
  var port: String?
  @Option(
    name: .customLong("aws-files"),
    help: ArgumentHelp(
      "Write `config` and `credentials` with every profile into this folder.", valueName: "dir"))
  var filesFolder: String?
  @OptionGroup(title: "Output") var output: OutputOptions

  static var isConfigured: Bool { false }

  func execute(_ process: ProcessContext) async throws -> ExitStatus {
    let settings = process.settings
    let output = try self.output.resolved(settings)
    let console = output.console(process.surroundings)
    let number = try settings.value(port, "port", SimulateCommand.readPort) ?? 0
    let file = try settings.value(scenario, "scenario", SettingReader.path)
    let scenario = try file.map(ScenarioFile.read) ?? Scenario.seeded(from: [])
    let server: LoopbackServer
    do { server = try await LoopbackServer.start(scenario: scenario, port: number) } catch {
      throw Diagnostic(
        "the simulator cannot be started", because: error.what,
        hint: "name another --port", status: .usage)
    }
    if let folder = try settings.value(filesFolder, "aws-files", SettingReader.path) {
      try DurableFile.makeFolder(folder)
      try DurableFile.replace(
        folder + "/config", with: Array(server.awsConfigText.utf8), mode: 0o600)
      try DurableFile.replace(
        folder + "/credentials", with: Array(server.awsCredentialsText.utf8), mode: 0o600)
    }
    announce(server, on: console, json: output.isJSON)
    let stop = StopSignal()
    Signals.drain(into: stop) { _ in }
    while !stop.isStopped { try? await Task.sleep(for: .milliseconds(100)) }
    await server.stop()
    return .success
  }

  private func announce(_ server: LoopbackServer, on console: Console, json: Bool) {
    if json {
      console.result(
        [
          "type": "simulator", "version": 1, "endpointUrl": .string(server.endpointURL),
          "accounts": .array(
            server.scenario.accounts.map { account in
              [
                "accountId": .string(account.accountID),
                "profiles": .array(account.profiles.map(JSONValue.string)),
                "accessKeyId": .string(account.accessKeyID),
                "secretAccessKey": .string(account.secretAccessKey),
              ]
            }),
        ])
      return
    }
    console.result("export AWS_ENDPOINT_URL=\(server.endpointURL)")
    if let account = server.scenario.accounts.first {
      console.result("export AWS_ACCESS_KEY_ID=\(account.accessKeyID)")
      console.result("export AWS_SECRET_ACCESS_KEY=\(account.secretAccessKey)")
    }
    console.result("export AWS_REGION=us-east-1")
    console.say("simulating \(server.secrets.count) secrets; interrupt to end")
  }

  private static func readPort(_ text: String) throws(ValueProblem) -> Int {
    guard let number = Int(text), (0...65_535).contains(number) else {
      throw ValueProblem("'\(text)' is not a port", hint: "write a number from 0 to 65535")
    }
    return number
  }
}

extension ResolvedConnection {
  /// Nothing said: everything comes from the environment and its files.
  static let none = ResolvedConnection(
    profiles: [], regions: [], endpointURL: nil, caBundle: nil, verifiesTLS: true,
    connectTimeout: .seconds(60), readTimeout: .seconds(60))
}
