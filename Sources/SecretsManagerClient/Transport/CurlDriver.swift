internal import CCurl
internal import Glibc

/// The loop on the transport's thread: the multi handle, epoll, and the exchanges in flight.
///
/// Not Sendable: after `init` only the thread that runs ``run()`` touches it.
final class CurlDriver {
  private let mailbox: Mailbox
  private let settings: TransportSettings
  private let multi: UnsafeMutableRawPointer
  private let poll: Int32
  /// Monotonic milliseconds at which libcurl wants to be called; nil for never.
  private var deadline: Int?
  private var active: [ObjectIdentifier: CurlTransfer] = [:]
  /// Resting handles, at most as many as ever were in flight together.
  private var idle: [CurlTransfer] = []
  private var connections: [String: Int] = [:]
  /// Exchanges that wait for a connection of their origin.
  ///
  /// They wait here rather than inside
  /// libcurl, which would count the wait towards the connect timeout.
  private var waiting: [String: [Exchange]] = [:]

  init(mailbox: Mailbox, settings: TransportSettings) throws(TransportSetupError) {
    guard let multi = curl_multi_init() else {
      throw TransportSetupError(message: "no multi handle from libcurl")
    }
    let poll = epoll_create1(Int32(EPOLL_CLOEXEC))
    guard poll >= 0 else {
      curl_multi_cleanup(multi)
      throw TransportSetupError(message: "no epoll descriptor (error \(errno))")
    }
    self.mailbox = mailbox
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
      watch(mailbox.wakeDescriptor, UInt32(EPOLLIN.rawValue))
    else { throw TransportSetupError(message: "libcurl or epoll refused an option") }
  }

  deinit {
    // libcurl closes its sockets here and calls back while the driver still stands.
    for transfer in active.values { curl_multi_remove_handle(multi, transfer.easy) }
    active = [:]
    idle = []
    curl_multi_cleanup(multi)
    close(poll)
  }

  func run() {
    while true {
      let letters = mailbox.collect()
      if letters.stopping {
        abandonAll(also: letters.submitted)
        return
      }
      for exchange in letters.submitted { admit(exchange) }
      for ticket in letters.cancelled { cancel(ticket) }
      let hadWork = !letters.submitted.isEmpty || !letters.cancelled.isEmpty
      wait(milliseconds: hadWork ? 0 : remaining())
      if let due = deadline, due <= CurlDriver.now() {
        deadline = nil
        act(on: -1, events: 0)
      }
      complete()
    }
  }

  // MARK: - Events

  private static func now() -> Int {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return time.tv_sec * 1000 + time.tv_nsec / 1_000_000
  }

  /// Milliseconds for epoll: -1 for no end.
  private func remaining() -> Int32 {
    guard let deadline else { return -1 }
    return Int32(clamping: max(0, deadline - CurlDriver.now()))
  }

  private func wait(milliseconds: Int32) {
    var events = [epoll_event](repeating: epoll_event(), count: 64)
    let count = epoll_wait(poll, &events, 64, milliseconds)
    guard count > 0 else {
      // An interrupted wait is like an early end of it.
      precondition(count == 0 || errno == EINTR, "epoll_wait failed with \(errno)")
      return
    }
    for event in events.prefix(Int(count)) {
      let descriptor = event.data.fd
      guard descriptor != mailbox.wakeDescriptor else {
        mailbox.wakened()
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

  fileprivate func watch(_ descriptor: Int32, _ events: UInt32) -> Bool {
    var event = epoll_event()
    event.events = events
    event.data.fd = descriptor
    if epoll_ctl(poll, EPOLL_CTL_MOD, descriptor, &event) == 0 { return true }
    return errno == ENOENT && epoll_ctl(poll, EPOLL_CTL_ADD, descriptor, &event) == 0
  }

  fileprivate func unwatch(_ descriptor: Int32) {
    var event = epoll_event()
    // A descriptor that is closed already has left the set by itself.
    _ = epoll_ctl(poll, EPOLL_CTL_DEL, descriptor, &event)
  }

  fileprivate func setTimer(_ milliseconds: Int) {
    deadline = milliseconds < 0 ? nil : CurlDriver.now() + milliseconds
  }

  // MARK: - Exchanges

  private func admit(_ exchange: Exchange) {
    let origin = exchange.request.origin
    guard connections[origin, default: 0] < max(1, settings.maxHostConnections) else {
      waiting[origin, default: []].append(exchange)
      return
    }
    start(exchange, origin)
  }

  private func start(_ exchange: Exchange, _ origin: String) {
    let url = exchange.request.url
    guard let transfer = idle.popLast() ?? CurlTransfer(settings: settings) else {
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
    active[ObjectIdentifier(exchange.ticket)] = transfer
    connections[origin, default: 0] += 1
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
    if let transfer = active[ObjectIdentifier(ticket)], let exchange = transfer.exchange {
      transfer.release()
      settle(exchange, transfer, .failure(.abandoned(exchange.request.url)))
      return
    }
    for (origin, queue) in waiting {
      guard let index = queue.firstIndex(where: { $0.ticket === ticket }) else { continue }
      waiting[origin]?.remove(at: index)
      queue[index].resume(.failure(.abandoned(queue[index].request.url)))
      return
    }
  }

  /// Frees the handle, answers the caller, and lets the next exchange of the origin go.
  private func settle(
    _ exchange: Exchange, _ transfer: CurlTransfer,
    _ result: Result<HTTPResponse, TransportFailure>
  ) {
    curl_multi_remove_handle(multi, transfer.easy)
    active[ObjectIdentifier(exchange.ticket)] = nil
    idle.append(transfer)
    let origin = exchange.request.origin
    let others = connections[origin, default: 1] - 1
    connections[origin] = others > 0 ? others : nil
    exchange.resume(result)
    guard var queue = waiting[origin], !queue.isEmpty else {
      waiting[origin] = nil
      return
    }
    let next = queue.removeFirst()
    waiting[origin] = queue
    admit(next)
  }

  private func abandonAll(also submitted: [Exchange]) {
    for transfer in active.values {
      curl_multi_remove_handle(multi, transfer.easy)
      transfer.exchange?.resume(.failure(.abandoned(transfer.exchange?.request.url ?? "")))
      transfer.release()
    }
    active = [:]
    for exchange in waiting.values.joined() + submitted {
      exchange.resume(.failure(.abandoned(exchange.request.url)))
    }
    waiting = [:]
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
