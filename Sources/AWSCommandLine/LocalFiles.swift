internal import Glibc

/// The files and users of this machine.
package enum LocalFiles {
  @Sendable package static func read(_ path: String) throws(FileProblem) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileProblem(number: errno) }
    defer { close(descriptor) }
    var content: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = Glibc.read(descriptor, &chunk, chunk.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw FileProblem(number: errno) }
      guard count > 0 else { return content }
      content += chunk[..<count]
    }
  }

  @Sendable package static func homeOfUser(_ name: String) -> String? {
    var record = passwd()
    var found: UnsafeMutablePointer<passwd>?
    var storage = [CChar](repeating: 0, count: 16_384)
    let status = getpwnam_r(name, &record, &storage, storage.count, &found)
    guard status == 0, found != nil, let home = record.pw_dir else { return nil }
    return String(cString: home)
  }
}
