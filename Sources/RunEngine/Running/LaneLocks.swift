internal import DurableFiles
package import RotationCore

/// One run at a time for each account and region on this machine.
///
/// A file a lane in a folder that all users share; the lock is the kernel's and ends with the
/// process. Services other than AWS's own endpoint have lanes of their own.
package struct LaneLocks: Sendable {
  private let held: [SharedLock]

  /// Who holds a lane that is wanted.
  package struct Holder: Error, Sendable, Hashable {
    package let lane: LaneID
    package let path: String
    /// Empty where the holder left no note.
    package let runID: String
    package let pid: Int?
    package let operatorName: String
  }

  /// Who asks for the lanes, for the notes in their files.
  package struct Owner: Sendable {
    package let runID: String
    package let pid: Int
    package let operatorName: String
    package init(runID: String, pid: Int, operatorName: String) {
      self.runID = runID
      self.pid = pid
      self.operatorName = operatorName
    }
  }

  /// Where the files lie unless a folder is named: the first of these that can be used.
  package static let usualFolders = ["/run/lock/rotactl", "/tmp/rotactl-locks"]

  /// Takes all lanes or none.
  ///
  /// - `lanes`: with what tells a foreign endpoint from others; nil for AWS's own.
  /// - `folder`: nil for the usual one.
  /// - Throws: ``Holder`` when another process has one of them, ``FileError`` when there is no
  ///   place for the files.
  package static func take(
    _ lanes: [(lane: LaneID, endpoint: String?)], in folder: String?, for owner: Owner
  ) throws -> LaneLocks {
    let place = try self.folder(folder)
    var note: JSONObject = ["run": .string(owner.runID), "pid": JSONValue(owner.pid)]
    note["operator"] = .string(owner.operatorName)
    let bytes = Array((JSONValue.object(note).compact + "\n").utf8)
    var held: [SharedLock] = []
    for (lane, endpoint) in lanes.sorted(by: { $0.lane < $1.lane }) {
      let path = "\(place)/\(name(of: lane, endpoint))"
      guard let lock = try SharedLock.take(path: path, note: bytes) else {
        throw holder(of: lane, path)
      }
      held.append(lock)
    }
    return LaneLocks(held: held)
  }

  private static func folder(_ named: String?) throws(FileError) -> String {
    if let named {
      if !DurableFile.isFolder(named) { try DurableFile.makeFolder(DurableFile.folder(of: named)) }
      guard SharedLock.makeFolder(named) else {
        throw FileError(code: 13, action: "cannot keep locks in \(named)")
      }
      return named
    }
    for folder in usualFolders where SharedLock.makeFolder(folder) { return folder }
    throw FileError(
      code: 13, action: "cannot keep locks in \(usualFolders.joined(separator: " or "))")
  }

  private static func name(of lane: LaneID, _ endpoint: String?) -> String {
    "\(lane.account)_\(lane.region)" + (endpoint.map { "_\($0)" } ?? "") + ".lock"
  }

  private static func holder(of lane: LaneID, _ path: String) -> Holder {
    let value = try? JSONValue(parsing: SharedLock.note(of: path))
    return Holder(
      lane: lane, path: path, runID: value?["run"]?.string ?? "", pid: value?["pid"]?.int,
      operatorName: value?["operator"]?.string ?? "")
  }
}
