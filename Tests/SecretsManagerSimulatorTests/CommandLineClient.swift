import Foundation
import RotationCore
import SecretsManagerSimulator

/// The AWS CLI as a foreign client of the simulator, in an empty home of its own.
struct CommandLineClient {
  struct Output: Sendable {
    let status: Int32
    let json: JSONValue
    let error: String
  }

  /// `ROTACTL_AWS_CLI`, else the repository's virtual environment, else the search path.
  static let path: String? = {
    let environment = ProcessInfo.processInfo.environment
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    var candidates = [root.appendingPathComponent(".venv/bin/aws").path]
    candidates += (environment["PATH"] ?? "").split(separator: ":").map { "\($0)/aws" }
    if let named = environment["ROTACTL_AWS_CLI"] { candidates = [named] }
    return candidates.first { FileManager.default.isExecutableFile(atPath: $0) }
  }()

  let home: URL
  let endpoint: String

  init(_ server: LoopbackServer) throws {
    home = FileManager.default.temporaryDirectory
      .appendingPathComponent("rotactl-simulator-\(UUID().uuidString)")
    endpoint = server.endpointURL
    try FileManager.default.createDirectory(at: home, withIntermediateDirectories: true)
    try Data(server.awsConfigText.utf8).write(to: home.appendingPathComponent("config"))
    try Data(server.awsCredentialsText.utf8).write(to: home.appendingPathComponent("credentials"))
  }

  func remove() { try? FileManager.default.removeItem(at: home) }

  /// Runs `aws` with JSON output; it is ended after a minute.
  func run(
    _ arguments: [String], profile: String? = "payments", environment: [String: String] = [:]
  ) async throws -> Output {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: CommandLineClient.path ?? "/nonexistent")
    let service = ["--endpoint-url", endpoint, "--output", "json"]
    process.arguments = arguments + service + (profile.map { ["--profile", $0] } ?? [])
    var variables = [
      "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin", "HOME": home.path,
      "AWS_CONFIG_FILE": home.appendingPathComponent("config").path,
      "AWS_SHARED_CREDENTIALS_FILE": home.appendingPathComponent("credentials").path,
      "AWS_EC2_METADATA_DISABLED": "true", "AWS_PAGER": "", "NO_PROXY": "*",
      "AWS_MAX_ATTEMPTS": "1", "AWS_RETRY_MODE": "standard",
    ]
    variables.merge(environment) { $1 }
    process.environment = variables
    let standardOutput = Pipe()
    let standardError = Pipe()
    process.standardOutput = standardOutput
    process.standardError = standardError
    process.standardInput = FileHandle.nullDevice
    try process.run()
    let deadline = DispatchWorkItem { process.terminate() }
    DispatchQueue.global().asyncAfter(deadline: .now() + 300, execute: deadline)
    // Read before waiting: a full pipe would keep the child from ending.
    async let output = CommandLineClient.drain(standardOutput)
    async let error = CommandLineClient.drain(standardError)
    let bytes = await output
    let text = String(decoding: await error, as: UTF8.self)
    process.waitUntilExit()
    deadline.cancel()
    return Output(
      status: process.terminationStatus, json: (try? JSONValue(parsing: bytes)) ?? .null,
      error: text)
  }

  private static func drain(_ pipe: Pipe) async -> [UInt8] {
    await withCheckedContinuation { continuation in
      Thread.detachNewThread {
        continuation.resume(returning: Array(pipe.fileHandleForReading.readDataToEndOfFile()))
      }
    }
  }
}
