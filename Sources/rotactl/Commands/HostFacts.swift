internal import Glibc

/// Who runs the tool and where, for the record.
enum HostFacts {
  static var host: String {
    var buffer = [CChar](repeating: 0, count: 256)
    guard gethostname(&buffer, 255) == 0 else { return "unknown" }
    return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// The login name of the effective user; behind sudo, who called it.
  static func operatorName(_ environment: [String: String]) -> String {
    if let caller = environment["SUDO_USER"], !caller.isEmpty { return caller }
    if let entry = getpwuid(geteuid()) { return String(cString: entry.pointee.pw_name) }
    return "uid \(geteuid())"
  }

  static var pid: Int { Int(getpid()) }
}
