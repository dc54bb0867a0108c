internal import Locking

/// The keys that AWS has called expired in this process.
///
/// A store on the disk may still hold them as good, so they must not be taken from there again.
final class RefusedKeys: Sendable {
  private static let limit = 10_000
  private let accessKeyIDs = Locked<Set<String>>([])

  func insert(_ accessKeyID: String) {
    accessKeyIDs.with { known in
      // Forgetting costs one more refused call.
      if known.count >= RefusedKeys.limit { known = [] }
      known.insert(accessKeyID)
    }
  }

  func contains(_ accessKeyID: String) -> Bool {
    accessKeyIDs.with { $0.contains(accessKeyID) }
  }
}
