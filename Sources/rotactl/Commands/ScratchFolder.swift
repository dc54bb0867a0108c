internal import DurableFiles
internal import Glibc

/// A folder of ours that goes away with the command.
struct ScratchFolder {
  let path: String

  init(_ environment: [String: String]) throws(Diagnostic) {
    let base = environment["TMPDIR"].flatMap { $0.isEmpty ? nil : $0 } ?? "/tmp"
    var template = Array((base + "/rotactl-XXXXXX").utf8CString)
    guard mkdtemp(&template) != nil else {
      throw Diagnostic(
        "no folder for temporary files", at: base,
        because: String(cString: strerror(errno)), hint: "set TMPDIR", status: .internalError)
    }
    path = String(
      decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  func remove() { DurableFile.removeFolder(path) }
}
