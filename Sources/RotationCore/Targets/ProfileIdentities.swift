/// The account that each profile calls as; empty when nothing was asked (an offline plan).
///
/// Nil as a profile stands for the default credentials.
package struct ProfileIdentities: Sendable, Hashable {
  package var accounts: [String?: String]

  package init(accounts: [String?: String] = [:]) { self.accounts = accounts }

  /// Nobody was asked.
  package var isUnknown: Bool { accounts.isEmpty }

  /// The caller's account of a profile; nil when it is not known.
  package func account(of profile: String?) -> String? { accounts[profile] }
}

extension ProfileIdentities {
  /// Which of several profiles acts for a secret of a certain account.
  enum Choice: Hashable {
    case profile(String?, isCrossAccount: Bool)
    /// Preflight decides.
    case undecided
    /// None can; with the reason.
    case refused(String)
  }

  /// Chooses the profile for an account.
  ///
  /// - `candidates`: at least one, in the order of the manifest.
  /// - `isARN`: another account's secret can be reached by its ARN, never by its name.
  func choose(among candidates: [String?], account: String, isARN: Bool) -> Choice {
    if let match = candidates.first(where: { accounts[$0] == account }) {
      return .profile(match, isCrossAccount: false)
    }
    let strangers = candidates.filter { accounts[$0] == nil }
    if candidates.count == 1 {
      if isUnknown || !strangers.isEmpty { return .profile(candidates[0], isCrossAccount: false) }
      if isARN { return .profile(candidates[0], isCrossAccount: true) }
      return .refused(refusal(candidates, account))
    }
    if isUnknown { return .undecided }
    // All others are known to differ, so the only stranger is the one that may fit; its account is
    // checked again before it calls.
    if strangers.count == 1 { return .profile(strangers[0], isCrossAccount: false) }
    return .refused(refusal(candidates, account))
  }

  private func refusal(_ candidates: [String?], _ account: String) -> String {
    let shown = candidates.prefix(5).map { profile in
      "\(profile.map { Excerpt.of($0) } ?? "the default credentials") is of"
        + " \(accounts[profile] ?? "an unknown account")"
    }
    let more = candidates.count > 5 ? " and \(candidates.count - 5) more" : ""
    return "the secret is of account \(account), but \(shown.joined(separator: ", "))\(more)"
  }
}
