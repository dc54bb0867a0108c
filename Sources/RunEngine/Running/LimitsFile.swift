package import DurableFiles
package import RotationCore

/// `limits.json` in a run's folder: how an operator steers a run that goes on in another process.
package struct LimitsFile: Sendable, Hashable {
  package let path: String

  package init(of folder: RunFolder) { path = folder.file(RunLayout.limitsFile) }

  package init(path: String) { self.path = path }

  /// A file that is there and cannot be used.
  package struct Damage: Error, Sendable, CustomStringConvertible {
    package let path: String
    package var description: String { "\(path) is not a \(RunLimits.schema)" }
  }

  private static let maximumBytes = 1 << 20

  /// - Returns: nil where nothing was ever changed.
  package func read() throws -> RunLimits? {
    guard let bytes = try bytes() else { return nil }
    return try parsed(bytes)
  }

  package func write(_ limits: RunLimits) throws(FileError) {
    try DurableFile.replace(path, with: Array((limits.record.pretty() + "\n").utf8))
  }

  fileprivate func bytes() throws(FileError) -> [UInt8]? {
    do throws(FileError) {
      return try DurableFile.read(path, atMost: LimitsFile.maximumBytes)
    } catch {
      if error.isMissing { return nil }
      throw error
    }
  }

  fileprivate func parsed(_ bytes: [UInt8]) throws(Damage) -> RunLimits {
    guard let value = try? JSONValue(parsing: bytes), let limits = RunLimits(record: value) else {
      throw Damage(path: path)
    }
    return limits
  }
}

/// Makes a run follow its ``LimitsFile``.
package actor LimitsWatcher {
  private let file: LimitsFile
  private let pacers: PacerRegistry
  private let limit: ConcurrencyLimit
  private let concurrency: Int
  private let board: ProgressBoard
  private let clock: RunClock
  private var seen: Result<[UInt8]?, FileError> = .success(nil)

  /// What a look at the file came to.
  package enum News: Sendable, Hashable {
    case changed(RunLimits)
    /// The limits stay as they were.
    case unusable(String)
  }

  /// Seconds between two looks at the file.
  package static let interval = 0.5

  /// - `concurrency`: what the run began with, and what holds where the file says nothing.
  package init(
    _ file: LimitsFile, pacers: PacerRegistry, limit: ConcurrencyLimit, concurrency: Int,
    board: ProgressBoard, clock: RunClock
  ) {
    self.file = file
    self.pacers = pacers
    self.limit = limit
    self.concurrency = concurrency
    self.board = board
    self.clock = clock
  }

  /// Looks at the file and makes its changes hold.
  ///
  /// - Returns: nil where nothing is new.
  package func look() async -> News? {
    let found = Result { () throws(FileError) in try file.bytes() }
    var news: News?
    if found != seen {
      seen = found
      news = await follow(found)
    }
    let lanes = pacers.snapshots()
    board.lanes(lanes.count, paused: lanes.count { $0.isPaused })
    return news
  }

  /// Looks twice a second until the task is cancelled.
  ///
  /// - `announce`: told whatever is new.
  package func watch(announce: @Sendable (News) -> Void) async {
    while !Task.isCancelled {
      await clock.sleep(LimitsWatcher.interval)
      if let news = await look() { announce(news) }
    }
  }

  private func follow(_ found: Result<[UInt8]?, FileError>) async -> News {
    let limits: RunLimits
    do {
      limits = try found.get().map(file.parsed) ?? RunLimits()
    } catch {
      return .unusable("\(error)")
    }
    limit.resize(to: limits.concurrency ?? concurrency)
    pacers.apply(limits)
    return .changed(limits)
  }
}
