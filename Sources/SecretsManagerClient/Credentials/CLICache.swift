internal import Cryptography
internal import DurableFiles
internal import Glibc
internal import Locking
internal import RotationCore

/// The AWS CLI's store of temporary credentials, `~/.aws/cli/cache`, in the CLI's own format.
///
/// One file a set of keys, mode 0600, named by the SHA-1 of what was asked for.
struct CLICache: Sendable {
  /// Nil where there is no home, and so no store.
  let directory: String?
  private let refused: RefusedKeys

  /// Two tasks that write the same file would share its temporary name.
  private static let writing = Locked(())

  init(home: String?, refused: RefusedKeys = RefusedKeys()) {
    self.refused = refused
    directory = home.flatMap { $0.isEmpty ? nil : "\($0)/.aws/cli/cache" }
  }

  /// The file of that name; nil where there is no store.
  func path(_ key: String) -> String? { directory.map { "\($0)/\(key).json" } }

  /// The document under that name; nil when there is none or it is no JSON object.
  func document(_ key: String) -> JSONValue? {
    guard let path = path(key), CLIFile.isRegular(path),
      let bytes = try? DurableFile.read(path, atMost: CLIFile.maximumBytes),
      let value = try? JSONValue(parsing: bytes), case .object = value
    else { return nil }
    return value
  }

  /// Stores a document; a failure leaves the store as it was, and only costs a call next time.
  func store(_ document: JSONValue, as key: String) {
    guard let path = path(key) else { return }
    try? CLICache.write(document, to: path)
  }

  /// Stores a set of keys as the CLI does, with other members of the document after it.
  ///
  /// Keys that do not end are not stored: the CLI could not read them back.
  func store(_ credentials: Credentials, as key: String, extra: JSONObject = JSONObject()) {
    guard let end = credentials.expiration else { return }
    let part = CLICache.keys(of: credentials, until: "\(CLICache.seconds(of: end))+00:00")
    store(
      .object(JSONObject([.init(key: "Credentials", value: part)] + extra.members)), as: key)
  }

  /// The credentials in a document of the store, if 15 minutes of them are left.
  ///
  /// `warn` is told when others than the owner may read the file.
  func credentials(
    _ key: String, now: Timestamp, warn: (String) -> Void = { _ in }
  ) -> Credentials? {
    guard let part = document(key)?["Credentials"],
      let accessKey = part["AccessKeyId"]?.string, !accessKey.isEmpty,
      !refused.contains(accessKey),
      let secret = part["SecretAccessKey"]?.string, !secret.isEmpty,
      let text = part["Expiration"]?.string, let end = Timestamp(iso8601: text),
      end.seconds(since: now) >= 900
    else { return nil }
    if let warning = path(key).flatMap(CLIFile.exposure) { warn(warning) }
    return Credentials(
      accessKeyID: accessKey, secretAccessKey: secret, sessionToken: part["SessionToken"]?.string,
      expiration: end, accountID: part["AccountId"]?.string)
  }

  /// The `Credentials` member of a document.
  static func keys(of credentials: Credentials, until end: String) -> JSONValue {
    let secret = credentials.secretAccessKey.withBytes { String(decoding: $0, as: UTF8.self) }
    var members: JSONObject = [
      "AccessKeyId": .string(credentials.accessKeyID), "SecretAccessKey": .string(secret),
      "SessionToken": .string(credentials.sessionToken ?? ""), "Expiration": .string(end),
    ]
    members["AccountId"] = credentials.accountID.map { .string($0) }
    return .object(members)
  }

  /// `2026-11-24T05:00:00`: in UTC, without a fraction and without a zone.
  static func seconds(of moment: Timestamp) -> String { String(moment.iso8601.prefix(19)) }

  /// Replaces a file of the CLI's in one step, readable by its owner alone.
  static func write(_ document: JSONValue, to path: String) throws(FileError) {
    try writing.with { _ throws(FileError) in
      try DurableFile.makeFolder(DurableFile.folder(of: path))
      try DurableFile.replace(path, with: document.compactBytes, mode: 0o600)
    }
  }
}

/// The files with keys and tokens that the AWS CLI and this tool share.
enum CLIFile {
  static let maximumBytes = 1 << 20

  /// Whether a plain file is there; the CLI takes all else, such as a folder, for nothing.
  static func isRegular(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
  }

  /// A sentence for the operator when the file's group or everyone may read it; nil otherwise.
  static func exposure(_ path: String) -> String? {
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & 0o044 != 0 else { return nil }
    let mode = String(status.st_mode & 0o777, radix: 8)
    return "\(path) holds credentials and can be read by other users (mode 0\(mode)); "
      + "run chmod 600 \(path)"
  }
}
