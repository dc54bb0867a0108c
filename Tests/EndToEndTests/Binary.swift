import Foundation
import RotationCore
import TestSupport

/// A program that a test starts as a user would, in an environment of its own.
struct Program {
  struct Result: Sendable {
    let status: Int32
    let output: String
    let error: String

    /// Each line of standard output as JSON.
    var records: [JSONValue] {
      output.split(separator: "\n").compactMap { try? JSONValue(parsing: String($0)) }
    }
  }

  let path: String

  /// The built binary: `ROTACTL_BINARY`, else the newest build beside the tests.
  static let rotactl: Program? = {
    let environment = ProcessInfo.processInfo.environment
    var candidates = [environment["ROTACTL_BINARY"] ?? ""]
    for kind in ["debug", "release"] {
      candidates.append(Conformance.repositoryRoot + "/.build/\(kind)/rotactl")
    }
    return candidates.first { FileManager.default.isExecutableFile(atPath: $0) }.map(Program.init)
  }()

  /// A program of the tests' virtual environment, else of the search path.
  static func foreign(_ name: String) -> Program? {
    var candidates = [Conformance.repositoryRoot + "/.venv/bin/" + name]
    let search = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
    candidates += search.split(separator: ":").map { "\($0)/\(name)" }
    return candidates.first { FileManager.default.isExecutableFile(atPath: $0) }.map(Program.init)
  }

  /// Of a binary under a sanitizer: see .ci/sanitize.
  private static let sanitizerOptions = ["ASAN_OPTIONS", "TSAN_OPTIONS"]

  static var isSanitized: Bool {
    sanitizerOptions.contains { ProcessInfo.processInfo.environment[$0] != nil }
  }

  /// What every program gets: a home without settings, no metadata service, no proxy.
  static func environment(home: String, _ more: [String: String] = [:]) -> [String: String] {
    var environment = [
      "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin", "HOME": home,
      "AWS_CONFIG_FILE": home + "/config", "AWS_SHARED_CREDENTIALS_FILE": home + "/credentials",
      "AWS_EC2_METADATA_DISABLED": "true", "AWS_PAGER": "", "NO_PROXY": "*", "TZ": "UTC",
    ]
    for name in sanitizerOptions {
      environment[name] = ProcessInfo.processInfo.environment[name]
    }
    environment.merge(more) { $1 }
    return environment
  }

  /// Runs to the end, at most ten minutes.
  func run(
    _ arguments: [String], environment: [String: String], input: String = "",
    folder: String = Conformance.repositoryRoot
  ) async throws -> Result {
    let child = try start(
      arguments, environment: environment, input: input, folder: folder)
    return await child.result()
  }

  /// Starts the program; its output is gathered from the first byte on.
  func start(
    _ arguments: [String], environment: [String: String], input: String = "",
    folder: String = Conformance.repositoryRoot
  ) throws -> Child {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: path)
    process.arguments = arguments
    process.environment = environment
    process.currentDirectoryURL = URL(fileURLWithPath: folder)
    let child = Child(process)
    let standardInput = Pipe()
    process.standardInput = standardInput
    try child.begin()
    Thread.detachNewThread {
      try? standardInput.fileHandleForWriting.write(contentsOf: Data(input.utf8))
      try? standardInput.fileHandleForWriting.close()
    }
    return child
  }
}

extension Program {
  /// What a validator that is not ours says of lines against one of our schemas; empty where it has
  /// nothing against them, or is not there.
  static func violations(
    of schema: String, in lines: String, _ folder: TemporaryDirectory
  ) async throws -> String {
    guard let python = foreign("python3"), foreign("jsonschema") != nil, let rotactl else {
      return ""
    }
    let environment = environment(home: folder.path)
    let printed = try await rotactl.run(["schema", schema], environment: environment)
    try folder.write("schemas/\(schema).json", printed.output)
    try folder.write("validated.ndjson", lines)
    let servers = URL(fileURLWithPath: #filePath).deletingLastPathComponent().path + "/Servers"
    let checked = try await python.run(
      ["\(servers)/validate.py", "schemas", schema, "validated.ndjson"], environment: environment,
      folder: folder.path)
    return checked.status == 0 ? "" : checked.output + checked.error
  }
}

/// A process that runs; ended for sure when it goes away.
final class Child: @unchecked Sendable {
  // Guarded by `lock`.
  private var output = Data()
  private var error = Data()
  private let lock = NSLock()
  private let process: Process
  private let ended = DispatchSemaphore(value: 0)
  private let streams = DispatchGroup()

  init(_ process: Process) { self.process = process }

  deinit { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }

  var pid: Int32 { process.processIdentifier }

  func begin() throws {
    let standardOutput = Pipe()
    let standardError = Pipe()
    process.standardOutput = standardOutput
    process.standardError = standardError
    try process.run()
    gather(standardOutput) { $0.output.append($1) }
    gather(standardError) { $0.error.append($1) }
    DispatchQueue.global().asyncAfter(deadline: .now() + 600) { [weak self] in
      if let self, self.process.isRunning { kill(self.pid, SIGKILL) }
    }
  }

  private func gather(_ pipe: Pipe, _ add: @escaping @Sendable (Child, Data) -> Void) {
    streams.enter()
    Thread.detachNewThread { [self] in
      while true {
        let data = pipe.fileHandleForReading.availableData
        if data.isEmpty { break }
        lock.withLock { add(self, data) }
      }
      streams.leave()
    }
  }

  func signal(_ number: Int32) { kill(pid, number) }

  var outputSoFar: String { lock.withLock { String(decoding: output, as: UTF8.self) } }
  var errorSoFar: String { lock.withLock { String(decoding: error, as: UTF8.self) } }

  func result() async -> Program.Result {
    await withCheckedContinuation { continuation in
      Thread.detachNewThread { [self] in
        process.waitUntilExit()
        streams.wait()
        let status =
          process.terminationReason == .uncaughtSignal
          ? 128 + process.terminationStatus : process.terminationStatus
        continuation.resume(
          returning: Program.Result(status: status, output: outputSoFar, error: errorSoFar))
      }
    }
  }

  /// Waits until standard output holds a text; nil when the process ends without it.
  func output(containing text: String) async -> String? {
    await wait(for: text) { self.outputSoFar }
  }

  /// Waits until standard error holds a text; nil when the process ends without it.
  func errorOutput(containing text: String) async -> String? {
    await wait(for: text) { self.errorSoFar }
  }

  private func wait(for text: String, in stream: () -> String) async -> String? {
    while true {
      let seen = stream()
      if seen.contains(text) { return seen }
      if !process.isRunning { return stream().contains(text) ? stream() : nil }
      await Task.yield()
    }
  }
}

/// `rotactl simulate` as a process, with a home whose profiles lead to it.
final class Simulation {
  let child: Child
  let endpoint: String
  let folder: TemporaryDirectory

  /// - `scenario`: JSON of schema `rotactl.scenario/1`.
  init(_ scenario: String) async throws {
    let folder = try TemporaryDirectory()
    let file = try folder.write("scenario.json", scenario)
    guard let program = Program.rotactl else { throw CocoaError(.fileNoSuchFile) }
    child = try program.start(
      ["simulate", "--scenario", file, "--aws-files", folder.path, "--json"],
      environment: Program.environment(home: folder.path))
    guard let text = await child.output(containing: "\n"),
      let endpoint = (try? JSONValue(parsing: text))?["endpointUrl"]?.string
    else { throw CocoaError(.executableLoad) }
    self.endpoint = endpoint
    self.folder = folder
  }

  deinit { child.signal(SIGTERM) }

  var environment: [String: String] { Program.environment(home: folder.path) }

  /// One of the simulator's own pages.
  func page(_ name: String) async throws -> String {
    guard let url = URL(string: endpoint + "/_simulator/" + name),
      let curl = Program.foreign("curl")
    else { throw CocoaError(.fileNoSuchFile) }
    return try await curl.run(
      ["-sS", "--noproxy", "*", url.absoluteString], environment: environment
    ).output
  }

  /// Every request so far.
  func calls() async throws -> [JSONValue] {
    try await page("calls").split(separator: "\n").map { try JSONValue(parsing: String($0)) }
  }

  func calls(of operation: String) async throws -> [JSONValue] {
    try await calls().filter { $0["operation"]?.string == operation }
  }

  /// Whether rotation is on, by ARN.
  func rotation() async throws -> [String: Bool] {
    var states: [String: Bool] = [:]
    for secret in try JSONValue(parsing: try await page("secrets")).array ?? [] {
      guard let arn = secret["ARN"]?.string else { continue }
      states[arn] = secret["RotationEnabled"]?.bool ?? false
    }
    return states
  }
}
