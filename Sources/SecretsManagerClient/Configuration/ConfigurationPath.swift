internal import Glibc

/// File names in settings, expanded as `os.path` expands them.
enum ConfigurationPath {
  /// Replaces `$NAME` and `${NAME}`, then a leading `~` or `~user`.
  static func expand(_ path: String, _ environment: [String: String]) -> String {
    expandHome(expandVariables(path, environment), environment)
  }

  /// A name that is not set stays as it is written; a value is not expanded again.
  static func expandVariables(_ path: String, _ environment: [String: String]) -> String {
    let bytes = Array(path.utf8)
    var result: [UInt8] = []
    var index = 0
    while index < bytes.count {
      guard bytes[index] == UInt8(ascii: "$"), let (name, end) = name(in: bytes, at: index + 1),
        let value = environment[name]
      else {
        result.append(bytes[index])
        index += 1
        continue
      }
      result += Array(value.utf8)
      index = end
    }
    return String(decoding: result, as: UTF8.self)
  }

  private static func name(in bytes: [UInt8], at start: Int) -> (String, Int)? {
    if start < bytes.count, bytes[start] == UInt8(ascii: "{") {
      guard let end = bytes[start...].firstIndex(of: UInt8(ascii: "}")) else { return nil }
      return (String(decoding: bytes[(start + 1)..<end], as: UTF8.self), end + 1)
    }
    let name = bytes[start...].prefix { byte in
      (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte)
        || (0x61...0x7A).contains(byte) || byte == 0x5F
    }
    return name.isEmpty ? nil : (String(decoding: name, as: UTF8.self), name.endIndex)
  }

  /// Without HOME, a path below `~` stays and so names no file; the caller may set HOME.
  static func expandHome(_ path: String, _ environment: [String: String]) -> String {
    guard path.utf8.first == UInt8(ascii: "~") else { return path }
    let slash = path.utf8.firstIndex(of: UInt8(ascii: "/")) ?? path.endIndex
    let user = String(path[..<slash].dropFirst())
    guard var home = user.isEmpty ? environment["HOME"] : folder(ofUser: user) else { return path }
    while home.hasSuffix("/") { home.removeLast() }
    let whole = home + path[slash...]
    return whole.isEmpty ? "/" : whole
  }

  private static func folder(ofUser name: String) -> String? {
    var entry = passwd()
    var found: UnsafeMutablePointer<passwd>?
    var buffer = [CChar](repeating: 0, count: 16 << 10)
    guard getpwnam_r(name, &entry, &buffer, buffer.count, &found) == 0, found != nil,
      let folder = entry.pw_dir
    else { return nil }
    return String(cString: folder)
  }
}
