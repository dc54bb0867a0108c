internal import Cryptography
internal import RotationCore

/// The sessions of roles in the store that the AWS CLI keeps too.
///
/// A session that is named for a run stays in memory: under its own name nobody else would find
/// it, and under the CLI's it would put the run's name on other people's calls.
struct RoleStore: Sendable {
  let context: CredentialContext

  /// A session of the role that somebody has stored.
  ///
  /// A code is asked for once, so a role with MFA takes the CLI's session whatever its name.
  func credentials(_ hop: RoleHop) -> Credentials? {
    guard isShared(hop) || hop.mfaSerial != nil else { return nil }
    return context.cache.credentials(
      RoleStore.key(hop), now: context.clock(), warn: context.warn)
  }

  func store(_ role: AssumedRole, of hop: RoleHop) {
    guard isShared(hop) else { return }
    context.cache.store(role.credentials, as: RoleStore.key(hop), extra: role.user)
  }

  private func isShared(_ hop: RoleHop) -> Bool {
    hop.sessionName != nil || context.options.sessionName == nil
  }

  /// The CLI's name for a call's answer: the SHA-1 of its arguments as Python writes them.
  static func key(_ hop: RoleHop) -> String {
    // In the order of the names.
    let arguments: [(String, String?)] = [
      ("DurationSeconds", hop.durationSeconds.map(String.init)),
      ("ExternalId", hop.externalID.map(PythonJSON.quoted)),
      ("RoleArn", PythonJSON.quoted(hop.roleARN)),
      ("RoleSessionName", hop.sessionName.map(PythonJSON.quoted)),
      ("SerialNumber", hop.mfaSerial.map(PythonJSON.quoted)),
    ]
    let members = arguments.compactMap { name, value in value.map { "\"\(name)\": \($0)" } }
    return SHA1.hex(of: "{" + members.joined(separator: ", ") + "}")
  }
}
