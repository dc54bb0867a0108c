/// One row of a manifest as it was written.
package struct ManifestEntry: Sendable, Hashable {
  package var location: SourceLocation
  /// Name or ARN, not empty, at most 2048 characters.
  package var secretID: String
  /// Empty when the row does not say.
  package var regions: [String]
  package var profiles: [String]
  package var accountID: String?
  package var labels: [Label]

  package init(
    location: SourceLocation, secretID: String, regions: [String] = [], profiles: [String] = [],
    accountID: String? = nil, labels: [Label] = []
  ) {
    self.location = location
    self.secretID = secretID
    self.regions = regions
    self.profiles = profiles
    self.accountID = accountID
    self.labels = labels
  }
}

/// What a JSON manifest says beside its secrets.
package struct ManifestPreamble: Sendable, Hashable {
  package var incident: String?
  package var reason: String?
  package var defaultRegions: [String] = []
  package var defaultProfiles: [String] = []
  /// The manifest is one page of a longer listing: it carries a NextToken, so there are secrets
  /// that it does not name.
  package var isPartialListing = false
  package init() {}
}

/// Something in a manifest that cannot be used.
package struct ManifestProblem: Error, Sendable, Hashable {
  package let location: SourceLocation
  /// What is wrong, a sentence without a final stop.
  package let what: String
  /// How to mend it, an imperative without a final stop.
  package let mend: String

  package init(location: SourceLocation, what: String, mend: String) {
    self.location = location
    self.what = what
    self.mend = mend
  }

  package var text: String { "\(location): \(what); \(mend)" }
}

/// The forms that a manifest can have.
package enum ManifestFormat: String, Sendable, CaseIterable {
  case csv, json, jsonl, text
}

extension ManifestFormat {
  /// The form that a path's extension stands for; nil for another extension or none.
  ///
  /// `.tsv` is CSV whose delimiter is a tab; see ``delimiter(ofPath:)``.
  package init?(path: String) {
    switch ManifestFormat.fileExtension(path) {
    case "csv", "tsv": self = .csv
    case "json": self = .json
    case "jsonl", "ndjson": self = .jsonl
    case "txt": self = .text
    default: return nil
    }
  }

  /// The delimiter that a path's extension stands for; nil unless it is `.tsv`.
  package static func delimiter(ofPath path: String) -> UInt8? {
    fileExtension(path) == "tsv" ? 0x09 : nil
  }

  private static func fileExtension(_ path: String) -> String {
    let name =
      path.utf8.lastIndex(of: UInt8(ascii: "/")).map { path[path.utf8.index(after: $0)...] }
      ?? path[...]
    guard let dot = name.utf8.lastIndex(of: UInt8(ascii: ".")) else { return "" }
    return name[name.utf8.index(after: dot)...].lowercased()
  }
}
