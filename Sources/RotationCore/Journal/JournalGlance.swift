/// What a line of a journal says about its target, without all that was found out about it.
package enum JournalGlance: Sendable {
  case settled(ordinal: Int, outcome: Outcome, at: Timestamp)
  case intent(ordinal: Int, at: Timestamp)
  /// Any other line, and every line that is not plain.
  case record(JournalRecord.Parsed)

  /// Nil for what the whole reader has to judge.
  fileprivate init?(line: [UInt8], previous: String) {
    var facts = Facts()
    let isPlain = line.withUnsafeBytes { bytes in
      JSONGlance.members(of: bytes) { name, value in facts.take(name, value, previous) }
    }
    guard isPlain, facts.isChained, let ordinal = facts.ordinal, let at = facts.at else {
      return nil
    }
    switch facts.kind {
    case .settled:
      guard let outcome = facts.outcome, facts.times == 2 else { return nil }
      self = .settled(ordinal: ordinal, outcome: outcome, at: at)
    case .intent:
      guard facts.intentMembers == 4 else { return nil }
      self = .intent(ordinal: ordinal, at: at)
    case nil: return nil
    }
  }

  private struct Facts {
    enum Kind { case settled, intent }
    var kind: Kind?
    var ordinal: Int?
    var outcome: Outcome?
    var at: Timestamp?
    var isChained = false
    /// Of `startedAt` and `settledAt`, those that are times.
    var times = 0
    /// Of `operation`, `region`, `secretId` and `attempt`, those that are well-formed.
    var intentMembers = 0

    private func text(_ value: UnsafeRawBufferPointer) -> String? {
      JSONGlance.string(value).map { String(decoding: $0, as: UTF8.self) }
    }

    mutating func take(
      _ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer, _ previous: String
    ) {
      func isNamed(_ text: StaticString) -> Bool {
        name.elementsEqual(
          UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
      }
      switch name.first {
      case UInt8(ascii: "t") where isNamed("type"):
        switch text(value) {
        case "settled": kind = .settled
        case "intent": kind = .intent
        default: kind = nil
        }
      case UInt8(ascii: "o") where isNamed("ordinal"): ordinal = JSONGlance.wholeNumber(value)
      case UInt8(ascii: "o") where isNamed("outcome"):
        outcome = text(value).flatMap(Outcome.init(rawValue:))
      case UInt8(ascii: "o") where isNamed("operation"):
        if text(value).flatMap(ServiceOperation.init(rawValue:)) != nil { intentMembers += 1 }
      case UInt8(ascii: "r") where isNamed("region"), UInt8(ascii: "s") where isNamed("secretId"):
        if value.first == UInt8(ascii: "\"") { intentMembers += 1 }
      case UInt8(ascii: "a") where isNamed("attempt"):
        if JSONGlance.wholeNumber(value) != nil { intentMembers += 1 }
      case UInt8(ascii: "a") where isNamed("at"):
        at = text(value).flatMap(Timestamp.init(iso8601:))
      case UInt8(ascii: "s") where isNamed("startedAt") || isNamed("settledAt"):
        if text(value).flatMap(Timestamp.init(iso8601:)) != nil { times += 1 }
      case UInt8(ascii: "p") where isNamed("prev"):
        isChained = JSONGlance.string(value)?.elementsEqual(previous.utf8) ?? false
      default: break
      }
    }
  }
}

extension JournalChain {
  /// Accepts the next line as ``accept(_:)`` does, and looks at no more than it must.
  ///
  /// What a settlement holds beside its outcome is not judged here; the chain proves that it is
  /// what was written.
  package mutating func glance(
    at line: [UInt8]
  ) throws(JournalRecord.Damage) -> JournalGlance {
    guard let glance = JournalGlance(line: line, previous: head) else {
      return .record(try accept(line))
    }
    advance(over: line)
    return glance
  }
}
