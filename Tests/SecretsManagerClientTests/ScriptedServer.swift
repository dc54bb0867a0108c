import Locking
import Glibc
import SecretsManagerClient

/// What the server does with one request on a connection.
enum ScriptedAnswer: Sendable {
  /// Sends these bytes and reads the next request.
  case bytes(String)
  /// Sends these bytes and closes the connection.
  case bytesThenClose(String)
  /// Sends these bytes so much later and closes the connection.
  case late(milliseconds: UInt32, String)
  /// Closes with RST, so that the client sees a reset.
  case reset
  /// Stops listening and then closes the connection, without an answer.
  case vanish
  /// Sends nothing and keeps the connection open until the client closes it.
  case stall

  static func json(_ body: String, status: String = "200 OK", headers: String = "") -> Self {
    .bytes(
      "HTTP/1.1 \(status)\r\nContent-Type: application/x-amz-json-1.1\r\n"
        + "\(headers)Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
  }
}

/// One request as it came in.
struct ReceivedRequest: Sendable {
  /// Counts accepted connections from 0.
  let connection: Int
  let head: String
  let body: String

  func header(_ name: String) -> String? {
    for line in head.split(separator: "\r\n") {
      guard let colon = line.firstIndex(of: ":") else { continue }
      if line[..<colon].lowercased() == name.lowercased() {
        return String(line[line.index(after: colon)...].drop { $0 == " " })
      }
    }
    return nil
  }
}

/// A tiny HTTP server on a port of 127.0.0.1: a thread per connection, answers by script.
final class ScriptedServer: Sendable {
  private struct State: Sendable {
    var requests: [ReceivedRequest] = []
    var connections: Set<Int32> = []
    var accepted = 0
    var closed = 0
    var waiters: [CheckedContinuation<Void, Never>] = []
    /// False once the listener is closed and its number may belong to somebody else.
    var isListening = true
  }

  private let state = Locked(State())
  private let listener: Int32
  let port: UInt16
  private let answer: @Sendable (ReceivedRequest) -> ScriptedAnswer

  init(answer: @escaping @Sendable (ReceivedRequest) -> ScriptedAnswer) throws {
    self.answer = answer
    (listener, port) = try ScriptedServer.listenOnLoopback()
    start { [self] in acceptLoop() }
  }

  var url: String { "http://127.0.0.1:\(port)/" }
  var requests: [ReceivedRequest] { state.with { $0.requests } }
  var acceptedConnections: Int { state.with { $0.accepted } }

  /// Suspends until the next request has come in, or returns at once when one has.
  func firstRequest() async {
    await withCheckedContinuation { continuation in
      let isThere = state.with { state -> Bool in
        guard state.requests.isEmpty else { return true }
        state.waiters.append(continuation)
        return false
      }
      if isThere { continuation.resume() }
    }
  }

  func stop() {
    state.with { state in
      for descriptor in state.connections { shutdown(descriptor, Int32(SHUT_RDWR)) }
    }
    stopListening()
  }

  private func stopListening() {
    state.with { state in
      if state.isListening { shutdown(listener, Int32(SHUT_RDWR)) }
    }
  }

  /// Whether new connections are taken.
  var isListening: Bool { state.with { $0.isListening } }

  /// A port of 127.0.0.1 on which nobody listens: bound once and closed again.
  static func closedPort() throws -> UInt16 {
    let (descriptor, port) = try listenOnLoopback()
    close(descriptor)
    return port
  }

  struct SetupError: Error {}

  private static func listenOnLoopback() throws -> (Int32, UInt16) {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else { throw SetupError() }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let bound = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
        bind(descriptor, generic, length) == 0 && listen(descriptor, 512) == 0
          && getsockname(descriptor, generic, &length) == 0
      }
    }
    guard bound else { throw SetupError() }
    return (descriptor, UInt16(bigEndian: address.sin_port))
  }

  private func start(_ body: @escaping @Sendable () -> Void) {
    let box = Unmanaged.passRetained(Closure(body))
    var thread = pthread_t()
    let code = pthread_create(
      &thread, nil,
      { context in
        guard let context else { return nil }
        Unmanaged<Closure>.fromOpaque(context).takeRetainedValue().body()
        return nil
      }, box.toOpaque())
    if code == 0 { pthread_detach(thread) } else { box.release() }
  }

  private final class Closure: Sendable {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }

  private func acceptLoop() {
    while true {
      let descriptor = accept(listener, nil, nil)
      guard descriptor >= 0 else { break }
      let number = state.with { state -> Int in
        state.connections.insert(descriptor)
        defer { state.accepted += 1 }
        return state.accepted
      }
      start { [self] in
        serve(descriptor, number)
        state.with { _ = $0.connections.remove(descriptor) }
        close(descriptor)
      }
    }
    state.with { state in
      state.isListening = false
      close(listener)
    }
  }

  private func serve(_ descriptor: Int32, _ number: Int) {
    var pending: [UInt8] = []
    while let request = read(descriptor, number, &pending) {
      let waiters = state.with { state in
        state.requests.append(request)
        defer { state.waiters = [] }
        return state.waiters
      }
      for waiter in waiters { waiter.resume() }
      switch answer(request) {
      case .bytes(let text): guard send(text, to: descriptor) else { return }
      case .bytesThenClose(let text):
        _ = send(text, to: descriptor)
        return
      case .late(let milliseconds, let text):
        usleep(milliseconds * 1000)
        _ = send(text, to: descriptor)
        return
      case .reset:
        var option = linger(l_onoff: 1, l_linger: 0)
        setsockopt(
          descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
        return
      case .vanish:
        stopListening()
        return
      case .stall:
        var byte: UInt8 = 0
        while recv(descriptor, &byte, 1, 0) > 0 {}
        return
      }
    }
  }

  private func send(_ text: String, to descriptor: Int32) -> Bool {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let count = bytes.withUnsafeBytes {
        Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { return false }
      bytes = bytes.dropFirst(count)
    }
    return true
  }

  private func read(
    _ descriptor: Int32, _ number: Int, _ pending: inout [UInt8]
  ) -> ReceivedRequest? {
    var buffer = [UInt8](repeating: 0, count: 4096)
    let gap = Array("\r\n\r\n".utf8)
    while true {
      if let end = pending.firstRange(of: gap) {
        let head = String(decoding: pending[..<end.lowerBound], as: UTF8.self)
        let bare = ReceivedRequest(connection: number, head: head, body: "")
        let length = bare.header("content-length").flatMap { Int($0) } ?? 0
        if pending.count >= end.upperBound + length {
          let body = pending[end.upperBound..<end.upperBound + length]
          let request = ReceivedRequest(
            connection: number, head: head, body: String(decoding: body, as: UTF8.self))
          pending.removeFirst(end.upperBound + length)
          return request
        }
      }
      let count = recv(descriptor, &buffer, buffer.count, 0)
      guard count > 0 else { return nil }
      pending += buffer[..<count]
    }
  }
}
