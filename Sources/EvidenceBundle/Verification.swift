package import RotationCore

/// What a check of a bundle or a run's folder came to.
package struct Verification: Sendable {
  package struct Finding: Sendable, Hashable {
    package enum Severity: String, Sendable, Hashable {
      /// The evidence cannot be trusted as it is.
      case broken
      /// Something to know that breaks nothing.
      case note
    }
    package let severity: Severity
    /// One sentence without a final stop.
    package let what: String
  }

  /// So many findings are kept; the rest is counted.
  package static let limit = 100

  package private(set) var findings: [Finding] = []
  package private(set) var unshown = 0
  private var isBroken = false
  /// Files that were hashed.
  package internal(set) var entries = 0
  package internal(set) var runID: String?
  /// Nil where plan or journal could not be read.
  package internal(set) var summary: RunSummary?
  /// Whether a signature was checked and is good.
  package internal(set) var isSigned = false
  /// When the evidence was there, as an authority says whose signature was checked and is good.
  package internal(set) var timestamp: Timestamp?

  /// Whether nothing was found that breaks the evidence.
  package var isSound: Bool { !isBroken && summary != nil }

  mutating func broken(_ what: String) {
    isBroken = true
    add(.broken, what)
  }

  mutating func note(_ what: String) { add(.note, what) }

  private mutating func add(_ severity: Finding.Severity, _ what: String) {
    guard findings.count < Verification.limit else {
      unshown += 1
      return
    }
    findings.append(Finding(severity: severity, what: SafePath.shown(what, scalars: 400)))
  }
}
