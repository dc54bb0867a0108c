internal import RotationCore

/// What settings and options make of a call before its secret is known, kept for each place.
struct PreparedCalls: Sendable {
  struct Key: Sendable, Hashable {
    let service: EndpointService
    let operation: ServiceOperation
    let site: CallSite
  }

  private static let limit = 4096

  private var calls: [Key: OutgoingCall] = [:]
  /// Counts how often the settings have changed.
  private(set) var generation = 0

  subscript(key: Key) -> OutgoingCall? { calls[key] }

  /// Keeps a call, unless the settings that it was made from have changed since.
  mutating func keep(_ call: OutgoingCall, for key: Key, from generation: Int) {
    guard generation == self.generation else { return }
    if calls.count >= PreparedCalls.limit { calls.removeAll() }
    calls[key] = call
  }

  mutating func forgetAll() {
    calls.removeAll()
    generation += 1
  }
}
