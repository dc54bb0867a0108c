internal import Cryptography
package import DurableFiles
internal import Glibc
package import RotationCore

/// Appends records to the journal, hash-chained, many at once and each durable on request.
///
/// One thread writes and flushes: while a flush is under way further records gather, and the
/// next flush takes them all (group commit). After a failure nothing more is accepted or written,
/// for a line behind a torn one would make the journal unreadable.
package final class JournalWriter: @unchecked Sendable {
  // Everything below is guarded by `mutex`, except `file`, which only the thread touches.
  private let mutex: UnsafeMutablePointer<pthread_mutex_t>
  private let condition: UnsafeMutablePointer<pthread_cond_t>
  /// Signalled when what gathered was taken.
  private let taken: UnsafeMutablePointer<pthread_cond_t>
  private var chain: JournalChain
  private var pending: [UInt8] = []
  private var waiters: [CheckedContinuation<FileError?, Never>] = []
  private var failure: FileError?
  private var alarm: (@Sendable () -> Void)?
  private var isFlushing = false
  private var closing = false
  private var isClosed = false
  private var closers: [CheckedContinuation<Void, Never>] = []
  private let file: AppendFile
  private let now: @Sendable () -> Timestamp

  /// Who adds more than so many bytes ahead of the disk waits for it.
  private static let mostPendingBytes = 4 << 20

  /// Opens the journal for appending.
  ///
  /// - `path`: made where it is missing.
  /// - `chain`: the state after the last line that is already there.
  /// - `validBytes`: the length up to which the file is whole; a torn tail behind it is cut.
  /// - `now`: the time that records carry.
  package init(
    path: String, chain: JournalChain, validBytes: Int, now: @escaping @Sendable () -> Timestamp
  ) throws(FileError) {
    file = try AppendFile(path: path)
    if file.size != validBytes { try file.truncate(to: validBytes) }
    DurableFile.syncFolder(of: path)
    self.chain = chain
    self.now = now
    mutex = .allocate(capacity: 1)
    condition = .allocate(capacity: 1)
    taken = .allocate(capacity: 1)
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(condition, nil)
    pthread_cond_init(taken, nil)
    start()
  }

  deinit {
    pthread_cond_destroy(condition)
    pthread_cond_destroy(taken)
    pthread_mutex_destroy(mutex)
    condition.deallocate()
    taken.deallocate()
    mutex.deallocate()
  }

  /// Adds a record; returns at once unless the disk is far behind.
  ///
  /// It becomes durable with the next group.
  package func append(_ record: JournalRecord) {
    locked {
      while pending.count > JournalWriter.mostPendingBytes, failure == nil, !closing {
        pthread_cond_wait(taken, mutex)
      }
      add(record)
    }
  }

  /// Adds a record and returns when it is on the disk.
  package func commit(_ record: JournalRecord) async throws(FileError) {
    let failed = await withCheckedContinuation { continuation in
      let refused: FileError?? = locked {
        if failure != nil || closing { return .some(failure) }
        add(record)
        waiters.append(continuation)
        return nil
      }
      if let refused {
        continuation.resume(
          returning: refused ?? FileError(code: EBADF, action: "the journal is closed"))
      }
    }
    if let failed { throw failed }
  }

  /// Flushes what is left and ends the thread.
  ///
  /// - Throws: the failure that a record met, if one did.
  package func close() async throws(FileError) {
    await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
      let already = locked {
        closing = true
        pthread_cond_signal(condition)
        if !isClosed { closers.append(continuation) }
        return isClosed
      }
      if already { continuation.resume() }
    }
    if let failed = locked({ failure }) { throw failed }
  }

  /// Whether something that was added is not on the disk yet.
  package var isBusy: Bool { locked { isFlushing || !pending.isEmpty } }

  /// The failure that ended the journal, if one did.
  package var fault: FileError? { locked { failure } }

  /// Runs once the journal has failed, on its thread; at once when it has failed already.
  package func whenFailing(_ action: @escaping @Sendable () -> Void) {
    let isLate = locked {
      alarm = action
      return failure != nil
    }
    if isLate { action() }
  }

  private func add(_ record: JournalRecord) {
    guard failure == nil, !closing else { return }
    let line = record.line(at: now(), previous: chain.head)
    chain.advance(over: line)
    pending.append(contentsOf: line)
    pending.append(UInt8(ascii: "\n"))
    pthread_cond_signal(condition)
  }

  private func locked<R>(_ body: () -> R) -> R {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return body()
  }

  private func start() {
    var thread = pthread_t()
    let context = Unmanaged.passRetained(self).toOpaque()
    let code = pthread_create(
      &thread, nil,
      { context in
        if let context {
          Unmanaged<JournalWriter>.fromOpaque(context).takeRetainedValue().run()
        }
        return nil
      }, context)
    precondition(code == 0, "no thread for the journal: \(code)")
    pthread_detach(thread)
  }

  private func run() {
    while true {
      pthread_mutex_lock(mutex)
      while pending.isEmpty, !closing { pthread_cond_wait(condition, mutex) }
      let bytes = pending
      let group = waiters
      pending = []
      waiters = []
      isFlushing = !bytes.isEmpty
      let ends = closing && bytes.isEmpty
      pthread_cond_broadcast(taken)
      pthread_mutex_unlock(mutex)
      if ends { break }
      let problem = flush(bytes)
      if let problem { fail(problem) }
      for waiter in group { waiter.resume(returning: problem) }
      locked { isFlushing = false }
    }
    let waiting = locked {
      isClosed = true
      return closers
    }
    for closer in waiting { closer.resume() }
  }

  /// - Returns: why the bytes are not on the disk; nil when they are.
  private func flush(_ bytes: [UInt8]) -> FileError? {
    do throws(FileError) {
      try file.write(bytes)
      try file.sync()
    } catch {
      return error
    }
    // A removed file takes bytes as before and keeps none of them.
    return file.isLinked ? nil : FileError(code: ENOENT, action: "cannot write \(file.path)")
  }

  /// Gives up what gathered meanwhile, and tells whoever must not go on without a journal.
  private func fail(_ problem: FileError) {
    pthread_mutex_lock(mutex)
    failure = problem
    pending = []
    let group = waiters
    waiters = []
    let alarm = self.alarm
    pthread_cond_broadcast(taken)
    pthread_mutex_unlock(mutex)
    alarm?()
    for waiter in group { waiter.resume(returning: problem) }
  }
}
