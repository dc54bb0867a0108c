internal import FoundationEssentials
internal import Glibc
internal import RunEngine

/// Who runs the tool and where, for the record.
enum HostFacts {
  static var host: String {
    var buffer = [CChar](repeating: 0, count: 256)
    guard gethostname(&buffer, 255) == 0 else { return "unknown" }
    return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// The login name, as ``operatorName(_:)`` of this process's environment.
  static func operatorName() -> String {
    operatorName(ProcessInfo.processInfo.environment)
  }

  /// SHA-256 of the binary that runs, in hexadecimal; nil where it cannot be read.
  static func binarySHA256() -> String? {
    try? RunFolder.digest(ofFile: "/proc/self/exe")
  }

  /// The login name of the effective user; behind sudo, who called it.
  static func operatorName(_ environment: [String: String]) -> String {
    if let caller = environment["SUDO_USER"], !caller.isEmpty { return caller }
    if let entry = getpwuid(geteuid()) { return String(cString: entry.pointee.pw_name) }
    return "uid \(geteuid())"
  }

  /// A path that means the same in every working folder.
  static func absolute(_ path: String) -> String {
    guard !path.hasPrefix("/"), let folder = getcwd(nil, 0) else { return path }
    defer { free(folder) }
    return String(cString: folder) + "/" + path
  }

  static var pid: Int { Int(getpid()) }
}
