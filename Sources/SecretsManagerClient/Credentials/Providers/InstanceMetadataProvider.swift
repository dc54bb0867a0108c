internal import RotationCore

/// The credentials of the role of an EC2 instance.
struct InstanceMetadataProvider: CredentialProvider {
  let name = "iam-role"
  let context: CredentialContext
  /// Spreads the next look of many instances; in seconds, from 120 to 600.
  var jitter: @Sendable () -> Double = { Double(Int.random(in: 120...600)) }

  /// Keys with less time left than this, and the jitter, are used on past their end.
  private static let windowSeconds: Double = 900
  private static let path = "latest/meta-data/iam/security-credentials/"

  func credentials(region: String) async -> ProviderAnswer {
    do throws(InstanceMetadata.Absence) {
      let metadata = try InstanceMetadata(context)
      let token = try await metadata.token()
      let role = try await roleName(metadata, token)
      let body = try await metadata.get(Self.path + role, token: token) { body in
        (try? JSONValue(parsing: body)) != nil
      }
      return .found(extended(try InstanceMetadataProvider.keys(body)))
    } catch {
      switch error {
      case .unavailable(let reason): return .notConfigured(reason)
      case .refused(let failure): return .failed(failure)
      }
    }
  }

  /// The first line of the list; an instance has one role at most.
  private func roleName(
    _ metadata: InstanceMetadata, _ token: String?
  ) async throws(InstanceMetadata.Absence) -> String {
    let body = try await metadata.get(Self.path, token: token)
    let text = TextTrimming.trim(String(decoding: body.prefix(4096), as: UTF8.self))
    let role = text.prefix { !$0.isNewline }
    let isName = { (byte: UInt8) in
      (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
        || "+=,.@_-".utf8.contains(byte)
    }
    guard !role.isEmpty, role.utf8.allSatisfy(isName) else {
      throw .unavailable("the instance metadata service names no role")
    }
    return String(role)
  }

  private static func keys(_ body: [UInt8]) throws(InstanceMetadata.Absence) -> MetadataKeys {
    let answer = (try? JSONValue(parsing: body)) ?? .null
    do throws(MetadataKeys.Problem) {
      return try MetadataKeys(answer)
    } catch {
      switch error {
      case .missing(let field):
        // A role that EC2 may not assume is told in a 200 with a code and a message.
        guard let code = answer["Code"]?.string, code != "Success" else {
          throw .unavailable("the instance metadata service's answer has no \(field)")
        }
        let message = answer["Message"]?.string.map { ": \($0)" } ?? ""
        throw .unavailable(
          TextTrimming.excerpt("the instance metadata service says \(code)\(message)", 300))
      case .unreadableExpiration(let text):
        throw .refused(
          .local(
            "CredentialRetrievalError",
            "Unknown string format: \(TextTrimming.excerpt(text, 40))"))
      }
    }
  }

  /// Moves an end that is near or past, since the service may be late with new keys and AWS goes
  /// on accepting the old ones.
  private func extended(_ keys: MetadataKeys) -> Credentials {
    let seconds = Self.windowSeconds + jitter()
    let now = context.clock()
    guard keys.expiration.seconds(since: now) <= seconds else {
      return keys.credentials(until: keys.expiration)
    }
    context.warn(
      "The instance metadata service handed out credentials that end at "
        + "\(keys.expiration.iso8601). They are used on, and a refresh will be attempted within "
        + "\(Int((seconds / 60).rounded())) minutes.")
    return keys.credentials(until: now.adding(seconds: seconds))
  }
}
