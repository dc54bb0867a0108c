internal import Cryptography
internal import DurableFiles
internal import RotationCore

/// The AWS CLI's store of temporary credentials, `~/.aws/cli/cache`, in the CLI's own format.
///
/// One file a set of keys, mode 0600, named by the SHA-1 of what was asked for.
struct CLICache: Sendable {
  /// Nil where there is no home, and so no store.
  let directory: String?

  init(home: String?) {
    directory = home.flatMap { $0.isEmpty ? nil : "\($0)/.aws/cli/cache" }
  }

  /// The document under that name; nil when there is none or it is no JSON object.
  func document(_ key: String) -> JSONValue? {
    guard let directory,
      let bytes = try? DurableFile.read("\(directory)/\(key).json", atMost: 1 << 20),
      let value = try? JSONValue(parsing: bytes), case .object = value
    else { return nil }
    return value
  }

  /// Stores a document; a failure leaves the store as it was, and only costs a call next time.
  func store(_ document: JSONValue, as key: String) {
    guard let directory else { return }
    try? DurableFile.makeFolder(directory)
    try? DurableFile.replace(
      "\(directory)/\(key).json", with: document.compactBytes, mode: 0o600)
  }

  /// The credentials in a document of the store, if more than 15 minutes of them are left.
  func credentials(_ key: String, now: Timestamp) -> Credentials? {
    guard let part = document(key)?["Credentials"],
      let accessKey = part["AccessKeyId"]?.string, !accessKey.isEmpty,
      let secret = part["SecretAccessKey"]?.string, !secret.isEmpty,
      let text = part["Expiration"]?.string, let end = Timestamp(iso8601: text),
      end.seconds(since: now) > 900
    else { return nil }
    return Credentials(
      accessKeyID: accessKey, secretAccessKey: secret, sessionToken: part["SessionToken"]?.string,
      expiration: end, accountID: part["AccountId"]?.string)
  }
}
