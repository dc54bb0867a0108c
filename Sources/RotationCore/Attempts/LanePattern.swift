/// Which lanes a limit is for: an account, a region, each of them or any.
package struct LanePattern: Sendable, Hashable {
  /// Nil for any.
  package let account: String?
  /// Nil for any.
  package let region: String?

  package static let all = LanePattern(account: nil, region: nil)

  package init(account: String?, region: String?) {
    self.account = account
    self.region = region
  }

  /// Reads `111122223333/us-east-1`; `*` stands for any account or any region.
  ///
  /// - Returns: nil for anything else.
  package init?(parsing text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 2 else { return nil }
    self.init(account: parts[0], orAnyRegion: parts[1])
  }

  /// Takes `*` for any.
  ///
  /// - Returns: nil when account or region cannot be one.
  package init?(account: String, orAnyRegion region: String) {
    guard account == "*" || AccountID.isValid(account), region == "*" || Region.isValid(region)
    else { return nil }
    self.init(account: account == "*" ? nil : account, region: region == "*" ? nil : region)
  }

  package func matches(_ lane: LaneID) -> Bool {
    account ?? lane.account == lane.account && region ?? lane.region == lane.region
  }

  /// Whether every lane of the other pattern is one of this one.
  package func covers(_ other: LanePattern) -> Bool {
    (account == nil || account == other.account) && (region == nil || region == other.region)
  }

  /// How much is named: an account counts more than a region, for a quota is the account's.
  package var precision: Int { (account == nil ? 0 : 2) + (region == nil ? 0 : 1) }
}

extension LanePattern: CustomStringConvertible {
  package var description: String { "\(account ?? "*")/\(region ?? "*")" }
}
