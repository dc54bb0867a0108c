internal import CCurl
internal import Glibc

/// The loop on the transport's thread: the multi handle, epoll, and the exchanges in flight.
///
/// Not Sendable: after `init` only the thread that runs ``run()`` touches it.
final class CurlDriver {
  private let mailbox: Mailbox
  private let executor: TransportExecutor
  private let settings: TransportSettings
  private let multi: UnsafeMutableRawPointer
  private let poll: Int32
  /// Monotonic milliseconds at which libcurl wants to be called; nil for never.
  private var deadline: Int?
  /// Monotonic milliseconds at which the first of the exchanges may have been silent for too long;
  /// nil where none has a limit.
  private var silenceCheck: Int?
  private var sockets = WatchedSockets()
  private var events = [epoll_event](repeating: epoll_event(), count: 64)
  /// Every handle, at most as many as ever were in flight together.
  private var transfers: [CurlTransfer] = []
  /// The handles that rest.
  private var idle: [CurlTransfer] = []
  /// By the URL of a request.
  private var origins: [String: Origin] = [:]

  /// Rounds over what callers left before the sockets get their turn.
  private static let roundsBeforeSockets = 8

  init(
    mailbox: Mailbox, executor: TransportExecutor, settings: TransportSettings
  ) throws(TransportSetupError) {
    guard let multi = curl_multi_init() else {
      throw TransportSetupError(message: "no multi handle from libcurl")
    }
    let poll = epoll_create1(Int32(EPOLL_CLOEXEC))
    guard poll >= 0 else {
      curl_multi_cleanup(multi)
      throw TransportSetupError(message: "no epoll descriptor (error \(errno))")
    }
    self.mailbox = mailbox
    self.executor = executor
    self.settings = settings
    self.multi = multi
    self.poll = poll
    let limit = max(1, settings.maxHostConnections)
    let me = Unmanaged.passUnretained(self).toOpaque()
    guard rotactl_multi_set_socket_callback(multi, curlDriverSocket) == CURLM_OK,
      rotactl_multi_set_pointer(multi, CURLMOPT_SOCKETDATA, me) == CURLM_OK,
      rotactl_multi_set_timer_callback(multi, curlDriverTimer) == CURLM_OK,
      rotactl_multi_set_pointer(multi, CURLMOPT_TIMERDATA, me) == CURLM_OK,
      rotactl_multi_set_long(multi, CURLMOPT_MAX_HOST_CONNECTIONS, limit) == CURLM_OK,
      rotactl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, max(64, limit * 4)) == CURLM_OK,
      addToPoll(mailbox.wakeDescriptor, UInt32(EPOLLIN.rawValue))
    else { throw TransportSetupError(message: "libcurl or epoll refused an option") }
  }

  deinit {
    // libcurl closes its sockets here and calls back while the driver still stands.
    for transfer in transfers where transfer.exchange != nil {
      curl_multi_remove_handle(multi, transfer.easy)
    }
    idle = []
    transfers = []
    curl_multi_cleanup(multi)
    close(poll)
  }

  func run() {
    while true {
      var rounds = 0
      var isIdle = false
      while !isIdle, rounds < CurlDriver.roundsBeforeSockets {
        let letters = mailbox.collect()
        if letters.stopping {
          end(letters)
          return
        }
        for job in letters.jobs {
          job.runSynchronously(on: executor.asUnownedTaskExecutor())
        }
        for exchange in letters.submitted { admit(exchange) }
        for ticket in letters.cancelled { cancel(ticket) }
        isIdle = letters.isEmpty
        rounds += 1
      }
      wait(milliseconds: isIdle ? remaining() : 0)
      if let due = deadline, due <= MonotonicClock.milliseconds {
        deadline = nil
        act(on: -1, events: 0)
      }
      complete()
      if let due = silenceCheck, due <= MonotonicClock.milliseconds { endSilent() }
    }
  }

  /// Answers everyone and leaves the tasks that run here to the process's other threads.
  private func end(_ letters: Mailbox.Letters) {
    abandonAll(also: letters.submitted)
    for job in letters.jobs + mailbox.closeToJobs() { globalConcurrentExecutor.enqueue(job) }
  }

  // MARK: - Events

  /// Milliseconds for epoll: -1 for no end.
  private func remaining() -> Int32 {
    let next = min(deadline ?? .max, silenceCheck ?? .max)
    guard next < .max else { return -1 }
    return Int32(clamping: max(0, next - MonotonicClock.milliseconds))
  }

  private func wait(milliseconds: Int32) {
    let count = epoll_wait(poll, &events, Int32(events.count), milliseconds)
    guard count > 0 else {
      // An interrupted wait is like an early end of it.
      precondition(count == 0 || errno == EINTR, "epoll_wait failed with \(errno)")
      return
    }
    for index in 0..<Int(count) {
      let event = events[index]
      let descriptor = event.data.fd
      guard descriptor != mailbox.wakeDescriptor else {
        mailbox.wakened()
        continue
      }
      guard sockets.isWanted(descriptor) else {
        // The server has closed a connection that rests; libcurl will see that by itself.
        removeFromPoll(descriptor)
        continue
      }
      var mask: Int32 = 0
      if event.events & UInt32(EPOLLIN.rawValue) != 0 { mask |= 1 }  // CURL_CSELECT_IN
      if event.events & UInt32(EPOLLOUT.rawValue) != 0 { mask |= 2 }  // CURL_CSELECT_OUT
      let broken = UInt32(EPOLLERR.rawValue) | UInt32(EPOLLHUP.rawValue)
      if event.events & broken != 0 { mask |= 4 }  // CURL_CSELECT_ERR
      act(on: descriptor, events: mask)
    }
  }

  /// Lets libcurl act on a socket; -1 is CURL_SOCKET_TIMEOUT.
  private func act(on socket: Int32, events: Int32) {
    var running: Int32 = 0
    let code = curl_multi_socket_action(multi, socket, events, &running)
    // A socket that libcurl has closed meanwhile is the only refusal that can occur here.
    precondition(
      code == CURLM_OK || code == CURLM_BAD_SOCKET, "curl_multi_socket_action: \(code.rawValue)")
  }

  /// Watches a socket; what epoll does already is not asked of it again.
  fileprivate func watch(_ descriptor: Int32, _ events: UInt32) -> Bool {
    guard sockets.want(descriptor, events) else { return true }
    guard addToPoll(descriptor, events) else { return false }
    sockets.isWatched(descriptor, events)
    return true
  }

  /// Forgets a socket: at once, but for connections, which libcurl lets rest after each call and
  /// soon wants back.
  fileprivate func unwatch(_ descriptor: Int32) {
    if sockets.rest(descriptor) { return }
    removeFromPoll(descriptor)
  }

  fileprivate func opened(_ descriptor: Int32) { sockets.opened(descriptor) }

  /// Closing takes a socket out of the poll set by itself.
  fileprivate func closed(_ descriptor: Int32) { sockets.closed(descriptor) }

  private func addToPoll(_ descriptor: Int32, _ events: UInt32) -> Bool {
    var event = epoll_event()
    event.events = events
    event.data.fd = descriptor
    if epoll_ctl(poll, EPOLL_CTL_MOD, descriptor, &event) == 0 { return true }
    return errno == ENOENT && epoll_ctl(poll, EPOLL_CTL_ADD, descriptor, &event) == 0
  }

  private func removeFromPoll(_ descriptor: Int32) {
    var event = epoll_event()
    // A descriptor that is closed already has left the set by itself.
    _ = epoll_ctl(poll, EPOLL_CTL_DEL, descriptor, &event)
    sockets.isWatched(descriptor, 0)
  }

  fileprivate func setTimer(_ milliseconds: Int) {
    deadline = milliseconds < 0 ? nil : MonotonicClock.milliseconds + milliseconds
  }

  // MARK: - Exchanges

  private func origin(of request: HTTPRequest) -> Origin {
    if let known = origins[request.url] { return known }
    let name = request.origin
    let origin = origins.values.first { $0.name == name } ?? Origin(name)
    if origins.count >= 1024 { origins = origins.filter { !$0.value.isIdle } }
    origins[request.url] = origin
    return origin
  }

  private func admit(_ exchange: Exchange) {
    let origin = origin(of: exchange.request)
    guard origin.connections < max(1, settings.maxHostConnections) else {
      origin.waiting.append(exchange)
      return
    }
    start(exchange, origin)
  }

  private func start(_ exchange: Exchange, _ origin: Origin) {
    let url = exchange.request.url
    guard let transfer = idle.popLast() ?? newTransfer() else {
      exchange.resume(.failure(.unusable(url, "no handle from libcurl")))
      return
    }
    var refusal = transfer.prepare(exchange)
    if refusal == nil {
      let code = curl_multi_add_handle(multi, transfer.easy)
      if code != CURLM_OK { refusal = String(cString: curl_multi_strerror(code)) }
    }
    guard refusal == nil else {
      transfer.release()
      idle.append(transfer)
      exchange.resume(.failure(.unusable(url, refusal ?? "")))
      return
    }
    transfer.origin = origin
    origin.connections += 1
    expectSign(by: transfer.silenceLimit.map { MonotonicClock.milliseconds + $0 })
  }

  private func expectSign(by end: Int?) {
    if let end { silenceCheck = min(silenceCheck ?? .max, end) }
  }

  /// Ends the exchanges that have been silent for too long.
  private func endSilent() {
    silenceCheck = nil
    let now = MonotonicClock.milliseconds
    for transfer in transfers {
      guard let exchange = transfer.exchange, let end = transfer.silenceEnd(now: now) else {
        continue
      }
      if end <= now {
        settle(exchange, transfer, transfer.finish(CURLE_OPERATION_TIMEDOUT))
      } else {
        expectSign(by: end)
      }
    }
  }

  private func newTransfer() -> CurlTransfer? {
    guard let transfer = CurlTransfer(settings: settings) else { return nil }
    let me = Unmanaged.passUnretained(self).toOpaque()
    guard rotactl_easy_set_open_callback(transfer.easy, curlDriverOpened) == CURLE_OK,
      rotactl_easy_set_pointer(transfer.easy, CURLOPT_SOCKOPTDATA, me) == CURLE_OK,
      rotactl_easy_set_close_callback(transfer.easy, curlDriverClose) == CURLE_OK,
      rotactl_easy_set_pointer(transfer.easy, CURLOPT_CLOSESOCKETDATA, me) == CURLE_OK
    else { return nil }
    transfers.append(transfer)
    return transfer
  }

  private func complete() {
    var left: Int32 = 0
    while let message = curl_multi_info_read(multi, &left) {
      guard message.pointee.msg == CURLMSG_DONE, let easy = message.pointee.easy_handle else {
        continue
      }
      let code = rotactl_message_result(message)
      var context: UnsafeMutableRawPointer?
      guard rotactl_easy_get_pointer(easy, CURLINFO_PRIVATE, &context) == CURLE_OK, let context
      else { continue }
      let transfer = Unmanaged<CurlTransfer>.fromOpaque(context).takeUnretainedValue()
      guard let exchange = transfer.exchange else { continue }
      let result = transfer.finish(code)
      settle(exchange, transfer, result)
    }
  }

  private func cancel(_ ticket: ExchangeTicket) {
    if let transfer = transfers.first(where: { $0.exchange?.ticket === ticket }),
      let exchange = transfer.exchange
    {
      transfer.release()
      settle(exchange, transfer, .failure(.abandoned(exchange.request.url)))
      return
    }
    for origin in origins.values {
      guard let exchange = origin.waiting.remove(ticket) else { continue }
      exchange.resume(.failure(.abandoned(exchange.request.url)))
      return
    }
  }

  /// Frees the handle, answers the caller, and lets the next exchange of the origin go.
  private func settle(
    _ exchange: Exchange, _ transfer: CurlTransfer,
    _ result: Result<HTTPResponse, TransportFailure>
  ) {
    curl_multi_remove_handle(multi, transfer.easy)
    let origin = transfer.origin
    transfer.origin = nil
    idle.append(transfer)
    exchange.resume(result)
    guard let origin else { return }
    origin.connections -= 1
    if let next = origin.waiting.popFirst() { admit(next) }
  }

  private func abandonAll(also submitted: [Exchange]) {
    for transfer in transfers {
      guard let exchange = transfer.exchange else { continue }
      curl_multi_remove_handle(multi, transfer.easy)
      transfer.release()
      exchange.resume(.failure(.abandoned(exchange.request.url)))
    }
    for origin in origins.values {
      while let exchange = origin.waiting.popFirst() {
        exchange.resume(.failure(.abandoned(exchange.request.url)))
      }
    }
    for exchange in submitted {
      exchange.resume(.failure(.abandoned(exchange.request.url)))
    }
  }
}

extension Exchange {
  fileprivate func resume(_ result: Result<HTTPResponse, TransportFailure>) {
    continuation.resume(returning: result)
  }
}

/// The thread's main function; takes over one reference to the driver.
func curlDriverMain(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  guard let context else { return nil }
  // Signals belong to other threads; a write to a closed TLS connection would raise SIGPIPE here.
  var all = sigset_t()
  sigfillset(&all)
  pthread_sigmask(SIG_SETMASK, &all, nil)
  Unmanaged<CurlDriver>.fromOpaque(context).takeRetainedValue().run()
  return nil
}

private func curlDriverSocket(
  _ easy: UnsafeMutableRawPointer?, _ socket: curl_socket_t, _ what: Int32,
  _ context: UnsafeMutableRawPointer?, _ assigned: UnsafeMutableRawPointer?
) -> Int32 {
  guard let context else { return 0 }
  let driver = Unmanaged<CurlDriver>.fromOpaque(context).takeUnretainedValue()
  switch what {
  case 1: return driver.watch(socket, UInt32(EPOLLIN.rawValue)) ? 0 : -1  // CURL_POLL_IN
  case 2: return driver.watch(socket, UInt32(EPOLLOUT.rawValue)) ? 0 : -1  // CURL_POLL_OUT
  case 3:  // CURL_POLL_INOUT
    let both = UInt32(EPOLLIN.rawValue) | UInt32(EPOLLOUT.rawValue)
    return driver.watch(socket, both) ? 0 : -1
  case 4: driver.unwatch(socket)  // CURL_POLL_REMOVE
  default: break
  }
  return 0
}

private func curlDriverTimer(
  _ multi: UnsafeMutableRawPointer?, _ milliseconds: Int, _ context: UnsafeMutableRawPointer?
) -> Int32 {
  guard let context else { return 0 }
  Unmanaged<CurlDriver>.fromOpaque(context).takeUnretainedValue().setTimer(milliseconds)
  return 0
}

private func curlDriverOpened(
  _ context: UnsafeMutableRawPointer?, _ socket: curl_socket_t, _ purpose: curlsocktype
) -> Int32 {
  guard let context else { return 0 }
  Unmanaged<CurlDriver>.fromOpaque(context).takeUnretainedValue().opened(socket)
  return 0  // CURL_SOCKOPT_OK
}

private func curlDriverClose(
  _ context: UnsafeMutableRawPointer?, _ socket: curl_socket_t
) -> Int32 {
  if let context {
    Unmanaged<CurlDriver>.fromOpaque(context).takeUnretainedValue().closed(socket)
  }
  return close(socket)
}
