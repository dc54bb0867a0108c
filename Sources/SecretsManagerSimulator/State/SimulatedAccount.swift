package import RotationCore

/// A pretend AWS account: its id, the profiles that reach it, and the keys that sign for it.
///
/// The keys follow from the account id alone, so that files written for one run fit the next.
/// They open nothing but the simulator.
package struct SimulatedAccount: Sendable, Hashable {
  package let accountID: String
  /// Names of profiles whose credentials belong to this account; `default` for none given.
  package var profiles: [String]
  /// The regions that are enabled; nil for all there are.
  package var regions: Set<String>?

  package init(accountID: String, profiles: [String]) {
    self.accountID = accountID
    self.profiles = profiles
  }

  /// `AKIA` and 16 characters.
  package var accessKeyID: String {
    "AKIA" + Mixer.text(16, from: Alphabet.base32, ["access key", accountID])
  }

  /// 40 characters.
  package var secretAccessKey: String {
    Mixer.text(40, from: Alphabet.alphanumeric, ["secret key", accountID])
  }

  /// Who signs with the account's long-lived key.
  package var user: CallerIdentity {
    CallerIdentity(
      accountID: accountID, arn: "arn:aws:iam::\(accountID):user/simulated",
      userID: "AIDA" + Mixer.text(17, from: Alphabet.base32, ["user", accountID]))
  }
}

/// A key pair that the simulator knows, long-lived or handed out by AssumeRole.
package struct SimulatedCredential: Sendable, Hashable {
  package let accessKeyID: String
  package let secretAccessKey: String
  /// Nil for long-lived keys; otherwise each request must carry it.
  package let sessionToken: String?
  package let expires: Timestamp?
  package let caller: CallerIdentity

  package init(
    accessKeyID: String, secretAccessKey: String, sessionToken: String?, expires: Timestamp?,
    caller: CallerIdentity
  ) {
    self.accessKeyID = accessKeyID
    self.secretAccessKey = secretAccessKey
    self.sessionToken = sessionToken
    self.expires = expires
    self.caller = caller
  }

  /// The end in whole seconds, as AWS writes it; empty for long-lived keys.
  var expirationText: String { expires.map { $0.iso8601.prefix(19) + "Z" } ?? "" }
}
