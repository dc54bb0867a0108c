/// What epoll watches on each socket, and what libcurl wants of it.
///
/// libcurl asks to forget a kept connection after each call and to watch it again at the next one.
/// Leaving it watched meanwhile spares two system calls for each call.
struct WatchedSockets {
  private struct Socket {
    var watched: UInt32 = 0
    var wanted: UInt32 = 0
    /// Whether libcurl says when it closes: true of connections, not of what its resolver uses.
    var isConnection = false
  }

  /// By descriptor.
  private var sockets: [Socket] = []

  private mutating func reserve(_ descriptor: Int32) -> Int {
    let index = Int(max(0, descriptor))
    while sockets.count <= index { sockets.append(Socket()) }
    return index
  }

  /// Takes note of what libcurl wants.
  ///
  /// - Returns: whether epoll must be told.
  mutating func want(_ descriptor: Int32, _ events: UInt32) -> Bool {
    let index = reserve(descriptor)
    sockets[index].wanted = events
    return sockets[index].watched != events || !sockets[index].isConnection
  }

  mutating func isWatched(_ descriptor: Int32, _ events: UInt32) {
    sockets[reserve(descriptor)].watched = events
  }

  /// Nothing is wanted of the socket for now.
  ///
  /// - Returns: whether it may stay watched.
  mutating func rest(_ descriptor: Int32) -> Bool {
    let index = reserve(descriptor)
    sockets[index].wanted = 0
    return sockets[index].isConnection
  }

  func isWanted(_ descriptor: Int32) -> Bool {
    sockets.indices.contains(Int(descriptor)) && sockets[Int(descriptor)].wanted != 0
  }

  mutating func opened(_ descriptor: Int32) {
    let index = reserve(descriptor)
    sockets[index] = Socket()
    sockets[index].isConnection = true
  }

  mutating func closed(_ descriptor: Int32) { sockets[reserve(descriptor)] = Socket() }
}
