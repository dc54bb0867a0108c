/// Targets that wait for their insertion, so that a few dozen of them are looked up together.
///
/// The set of a million targets lies far from the processor, and a lookup by itself waits for the
/// memory; many at once wait together.
package struct TargetQueue {
  /// A target that waits.
  package struct Waiting {
    /// Lent until the queue is settled.
    package let name: SecretName
    let digest: SipHash128.Digest
    /// What the caller knows it by.
    package let tag: Int
    package let line: Int
    package let column: Int
  }

  package static let capacity = 64

  private var waiting: [Waiting] = []
  /// Kept only so that reading ahead is not optimized away.
  private var peeked: UInt64 = 0

  package init() { waiting.reserveCapacity(TargetQueue.capacity) }

  package var isEmpty: Bool { waiting.isEmpty }
  package var isFull: Bool { waiting.count >= TargetQueue.capacity }

  package mutating func add(
    _ name: SecretName, at place: TargetSet.Place, tag: Int, line: Int, column: Int
  ) {
    waiting.append(
      Waiting(
        name: name, digest: place.digest(of: name), tag: tag, line: line, column: column))
  }

  package var count: Int { waiting.count }
  package subscript(index: Int) -> Waiting { waiting[index] }

  /// Reads the memory that the insertions will need, for all of them at once.
  package mutating func readAhead(in set: TargetSet) {
    for target in waiting { peeked ^= set.peek(target.digest) }
  }

  package mutating func removeAll() { waiting.removeAll(keepingCapacity: true) }
}

extension TargetSet {
  /// The same for a target that waited.
  ///
  /// - `place`: the same as was given to the queue.
  package mutating func insert(_ waiting: TargetQueue.Waiting, at place: Place) -> Insertion {
    insert(waiting.name, digest: waiting.digest, at: place)
  }
}
