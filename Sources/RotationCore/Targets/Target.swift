/// One secret in one region under one profile.
package struct Target: Sendable, Hashable {
  /// The fixed place in the expansion of the manifests, from 0.
  package var ordinal: Int
  /// Name or ARN as the manifest gives it.
  package var secretID: String
  package var region: String
  /// Nil stands for the default credentials, and in an offline plan for "decided by preflight".
  package var profile: String?
  /// The account that must own the secret, from the ARN or the row; nil when neither says.
  package var accountID: String?
  /// The places of the manifests that name this secret, the first one first; an expansion knows
  /// only that one and reports the others as ``MergedSource``.
  package var sources: [SourceLocation]
  package var labels: [Label]
  /// Several profiles could reach the secret and their accounts are not known yet: ``profile`` is
  /// nil and preflight decides.
  package var isProfileUndecided: Bool
  /// The secret belongs to another account than the caller's, which AWS allows by ARN.
  package var isCrossAccount: Bool
  /// Why the target must not be called, a sentence without a final stop; it settles as failed.
  package var refusal: String?
  /// The region is one of all: the secret need not be there.
  package var isSought = false

  package init(
    ordinal: Int, secretID: String, region: String, profile: String?, accountID: String?,
    sources: [SourceLocation], labels: [Label], isProfileUndecided: Bool = false,
    isCrossAccount: Bool = false, refusal: String? = nil
  ) {
    self.ordinal = ordinal
    self.secretID = secretID
    self.region = region
    self.profile = profile
    self.accountID = accountID
    self.sources = sources
    self.labels = labels
    self.isProfileUndecided = isProfileUndecided
    self.isCrossAccount = isCrossAccount
    self.refusal = refusal
  }
}

/// A column or member of a manifest that is carried into the report and never interpreted.
package struct Label: Sendable, Hashable {
  package let name: String
  package let value: String
  package init(name: String, value: String) {
    self.name = name
    self.value = value
  }
}

/// A place in a manifest, printed as `file:line:column`.
package struct SourceLocation: Sendable, Hashable, CustomStringConvertible {
  /// The path as the operator typed it; `-` for standard input.
  package let file: String
  /// From 1.
  package let line: Int
  /// From 1, in bytes.
  package let column: Int

  package init(file: String, line: Int, column: Int) {
    self.file = file
    self.line = line
    self.column = column
  }

  package var description: String { "\(file):\(line):\(column)" }
}
