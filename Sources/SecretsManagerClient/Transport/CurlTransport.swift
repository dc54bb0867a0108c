internal import Locking
internal import CCurl
internal import Glibc

/// Why the transport could not be started.
package struct TransportSetupError: Error, Sendable, Hashable {
  /// The step and what the system said, without a final stop.
  package let message: String
}

/// HTTP/1.1 by libcurl: one thread of its own drives all exchanges of the process.
///
/// Callers suspend and never block a thread. No exchange is repeated here, no redirect followed.
/// libcurl itself may send a request again only when a kept connection turned out to be closed
/// before any byte of the answer came.
///
/// Reference: https://curl.se/libcurl/c/curl_multi_socket_action.html
package final class CurlTransport: Sendable {
  private let mailbox: Mailbox
  /// Nil once joined.
  private let thread: Locked<pthread_t?>

  package init(settings: TransportSettings = TransportSettings()) throws(TransportSetupError) {
    guard CurlTransport.library == CURLE_OK else {
      throw TransportSetupError(message: "libcurl could not be initialised")
    }
    let mailbox = try Mailbox()
    let executor = TransportExecutor(mailbox)
    let driver = try CurlDriver(mailbox: mailbox, executor: executor, settings: settings)
    // The thread takes this reference over and is the only one to touch the driver from here on.
    let context = Unmanaged.passRetained(driver)
    var handle = pthread_t()
    let code = pthread_create(&handle, nil, curlDriverMain, context.toOpaque())
    guard code == 0 else {
      context.release()
      throw TransportSetupError(message: "no thread for the transport (error \(code))")
    }
    self.mailbox = mailbox
    self.executor = executor
    thread = Locked(handle)
  }

  /// Runs tasks on the transport's own thread, so that a call and its answer change no thread.
  ///
  /// For tasks that mostly make calls, by `withTaskExecutorPreference`; they must not block. Once
  /// the transport is shut down they go on elsewhere.
  package let executor: TransportExecutor

  /// Process-wide start of libcurl; 3 is CURL_GLOBAL_DEFAULT.
  private static let library: CURLcode = curl_global_init(3)

  deinit { shutdown() }

  /// Sends the request and waits for the whole answer, whatever its status.
  ///
  /// Cancelling the task ends the transfer and closes its connection; the result is then
  /// `abandoned`.
  package func exchange(_ request: HTTPRequest) async -> Result<HTTPResponse, TransportFailure> {
    let ticket = ExchangeTicket()
    return await withTaskCancellationHandler {
      // Resumed exactly once: by the thread, or here when the mailbox refuses it.
      await withUnsafeContinuation { continuation in
        let refused = mailbox.submit(
          Exchange(ticket: ticket, request: request, continuation: continuation))
        if refused { continuation.resume(returning: .failure(.abandoned(request.url))) }
      }
    } onCancel: {
      mailbox.cancel(ticket)
    }
  }

  /// Ends all exchanges as `abandoned` and waits for the thread to leave; may be called again.
  package func shutdown() {
    mailbox.stop()
    let handle = thread.with { handle -> pthread_t? in
      defer { handle = nil }
      return handle
    }
    if let handle { pthread_join(handle, nil) }
  }
}

/// Names one exchange; its flag is guarded by the mailbox's lock.
final class ExchangeTicket: @unchecked Sendable {
  var isCancelled = false
}

/// A request and who waits for its answer.
struct Exchange: Sendable {
  let ticket: ExchangeTicket
  let request: HTTPRequest
  let continuation: UnsafeContinuation<Result<HTTPResponse, TransportFailure>, Never>
}

/// What callers leave for the transport's thread, and the descriptor that wakes it.
final class Mailbox: Sendable {
  struct Letters: Sendable {
    var submitted: [Exchange] = []
    var cancelled: [ExchangeTicket] = []
    /// Of tasks that run on the thread.
    var jobs: [UnownedJob] = []
    var stopping = false
    /// The thread sleeps or is about to; the one who changes this to false wakes it.
    var polling = false
    /// The thread is gone, or about to go.
    var isClosed = false

    var isEmpty: Bool { submitted.isEmpty && cancelled.isEmpty && jobs.isEmpty }
  }

  private let letters = Locked(Letters())
  let wakeDescriptor: Int32

  init() throws(TransportSetupError) {
    wakeDescriptor = eventfd(0, Int32(EFD_CLOEXEC) | Int32(EFD_NONBLOCK))
    guard wakeDescriptor >= 0 else {
      throw TransportSetupError(message: "no eventfd (error \(errno))")
    }
  }

  deinit { close(wakeDescriptor) }

  /// - Returns: true when the exchange was not taken: cancelled before, or the transport closed.
  func submit(_ exchange: Exchange) -> Bool {
    let (refused, wake) = letters.with { letters -> (Bool, Bool) in
      guard !letters.stopping, !exchange.ticket.isCancelled else { return (true, false) }
      letters.submitted.append(exchange)
      return (false, letters.takeWake())
    }
    if wake { signal() }
    return refused
  }

  /// - Returns: false when the thread will run nothing more.
  func add(_ job: UnownedJob) -> Bool {
    let (taken, wake) = letters.with { letters -> (Bool, Bool) in
      guard !letters.isClosed else { return (false, false) }
      letters.jobs.append(job)
      return (true, letters.takeWake())
    }
    if wake { signal() }
    return taken
  }

  /// Takes no further job.
  ///
  /// - Returns: those that nobody has run.
  func closeToJobs() -> [UnownedJob] {
    letters.with { letters in
      letters.isClosed = true
      defer { letters.jobs = [] }
      return letters.jobs
    }
  }

  func cancel(_ ticket: ExchangeTicket) {
    let wake = letters.with { letters -> Bool in
      ticket.isCancelled = true
      letters.cancelled.append(ticket)
      return letters.takeWake()
    }
    if wake { signal() }
  }

  func stop() {
    let wake = letters.with { letters -> Bool in
      letters.stopping = true
      return letters.takeWake()
    }
    if wake { signal() }
  }

  /// Takes all that is there; when it is nothing, the thread promises to sleep.
  func collect() -> Letters {
    letters.with { letters in
      let taken = letters
      if !taken.isEmpty {
        letters.submitted = []
        letters.cancelled = []
        letters.jobs = []
      }
      letters.polling = taken.isEmpty && !taken.stopping
      return taken
    }
  }

  /// The thread is awake again and will collect before it sleeps.
  func wakened() {
    letters.with { $0.polling = false }
    var count: UInt64 = 0
    _ = read(wakeDescriptor, &count, MemoryLayout<UInt64>.size)
  }

  private func signal() {
    var one: UInt64 = 1
    // Fails only when the counter is full, and then the thread is awake anyway.
    _ = write(wakeDescriptor, &one, MemoryLayout<UInt64>.size)
  }
}

extension Mailbox.Letters {
  fileprivate mutating func takeWake() -> Bool {
    defer { polling = false }
    return polling
  }
}
