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
      ("ExternalId", hop.externalID.map(quoted)), ("RoleArn", quoted(hop.roleARN)),
      ("RoleSessionName", hop.sessionName.map(quoted)),
      ("SerialNumber", hop.mfaSerial.map(quoted)),
    ]
    let members = arguments.compactMap { name, value in value.map { "\"\(name)\": \($0)" } }
    return SHA1.hex(of: "{" + members.joined(separator: ", ") + "}")
  }

  /// A JSON string in ASCII alone.
  private static func quoted(_ text: String) -> String {
    var result = "\""
    for unit in text.utf16 {
      switch unit {
      case 0x22: result += "\\\""
      case 0x5C: result += "\\\\"
      case 0x0A: result += "\\n"
      case 0x0D: result += "\\r"
      case 0x09: result += "\\t"
      case 0x08: result += "\\b"
      case 0x0C: result += "\\f"
      case 0x20...0x7E: result.unicodeScalars.append(Unicode.Scalar(UInt8(unit)))
      default:
        let digits = String(unit, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      }
    }
    return result + "\""
  }
}
