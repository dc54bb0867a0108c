/// A scheme, host and port: how many connections it has, and who waits for one.
///
/// Exchanges wait here rather than inside libcurl, which would count the wait towards the connect
/// timeout. Not Sendable: it lives on the transport's thread.
final class Origin {
  let name: String
  var connections = 0
  var waiting = WaitingExchanges()

  init(_ name: String) { self.name = name }

  var isIdle: Bool { connections == 0 && waiting.isEmpty }
}

/// Exchanges in the order in which they came.
struct WaitingExchanges {
  private var queue: [Exchange] = []
  private var head = 0

  var isEmpty: Bool { head == queue.count }

  mutating func append(_ exchange: Exchange) { queue.append(exchange) }

  mutating func popFirst() -> Exchange? {
    guard head < queue.count else { return nil }
    let first = queue[head]
    head += 1
    if head > 64, head * 2 > queue.count {
      queue.removeFirst(head)
      head = 0
    }
    return first
  }

  mutating func remove(_ ticket: ExchangeTicket) -> Exchange? {
    guard let index = queue[head...].firstIndex(where: { $0.ticket === ticket }) else { return nil }
    return queue.remove(at: index)
  }
}
