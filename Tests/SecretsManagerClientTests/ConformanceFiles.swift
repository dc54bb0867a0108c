import Glibc
import RotationCore

/// Public test data beside the repository, or where ROTACTL_CONFORMANCE says.
enum ConformanceFiles {
  static let root: String? = {
    if let path = getenv("ROTACTL_CONFORMANCE") { return String(cString: path) }
    let parts = #filePath.split(separator: "/").dropLast(3)
    let path = "/" + parts.dropLast().joined(separator: "/") + "/shared/conformance"
    return access(path, R_OK) == 0 ? path : nil
  }()

  static var isThere: Bool { root != nil }

  struct Missing: Error { let path: String }

  static func bytes(_ path: String) throws -> [UInt8] {
    let whole = "\(root ?? "")/\(path)"
    guard let file = fopen(whole, "r") else { throw Missing(path: whole) }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while case let count = fread(&buffer, 1, buffer.count, file), count > 0 {
      bytes += buffer[..<count]
    }
    return bytes
  }

  static func text(_ path: String) throws -> String {
    String(decoding: try bytes(path), as: UTF8.self)
  }

  static func json(_ path: String) throws -> JSONValue { try JSONValue(parsing: try bytes(path)) }

  static func names(in folder: String) throws -> [String] {
    guard let stream = opendir("\(root ?? "")/\(folder)") else { throw Missing(path: folder) }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if !name.hasPrefix(".") { names.append(name) }
    }
    return names.sorted()
  }
}
