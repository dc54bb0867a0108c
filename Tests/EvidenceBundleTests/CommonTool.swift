import Foundation

/// A program that an auditor would use, run as a child process.
struct CommonTool {
  let path: String

  /// - Returns: nil when this machine does not have it.
  init?(_ name: String) {
    for folder in ["/usr/bin", "/bin", "/usr/local/bin"] {
      let candidate = "\(folder)/\(name)"
      if FileManager.default.isExecutableFile(atPath: candidate) {
        path = candidate
        return
      }
    }
    return nil
  }

  static func has(_ names: String...) -> Bool { names.allSatisfy { CommonTool($0) != nil } }

  struct Answer {
    let status: Int32
    let output: [UInt8]
    var text: String { String(decoding: output, as: UTF8.self) }
  }

  /// Runs to the end; both outputs are taken together.
  func run(_ arguments: [String], in folder: String? = nil) throws -> Answer {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: path)
    process.arguments = arguments
    if let folder { process.currentDirectoryURL = URL(fileURLWithPath: folder) }
    process.environment = ["PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"]
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return Answer(status: process.terminationStatus, output: [UInt8](output))
  }
}
