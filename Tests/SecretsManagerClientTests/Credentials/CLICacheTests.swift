import Cryptography
import Glibc
import RotationCore
import TestSupport
import Testing

@testable import SecretsManagerClient

@Suite struct CLIStore {
  private let folder: TemporaryDirectory
  private let cache: CLICache
  private static let moment = Timestamp(milliseconds: 1_795_492_800_123)

  init() throws {
    folder = try TemporaryDirectory()
    cache = CLICache(home: folder.path)
  }

  private func role(
    _ name: String = "ASIAROLE", token: String? = "t", end: Timestamp? = CLIStore.moment,
    account: String? = "123456789012"
  ) -> Credentials {
    Credentials(
      accessKeyID: name, secretAccessKey: "s/é+\"", sessionToken: token, expiration: end,
      accountID: account)
  }

  /// The AWS CLI 2.36.7 took this document for a role that it had assumed itself.
  @Test func `keys are written as the CLI writes those of AssumeRole`() throws {
    let user: JSONValue = ["AssumedRoleId": "AROAX:s", "Arn": "arn:aws:sts::1:assumed-role/Ops/s"]
    cache.store(role(), as: "key", extra: ["AssumedRoleUser": user])
    let text = String(decoding: try folder.read(".aws/cli/cache/key.json"), as: UTF8.self)
    #expect(
      text == #"{"Credentials":{"AccessKeyId":"ASIAROLE","SecretAccessKey":"s/é+\"","#
        + #""SessionToken":"t","Expiration":"2026-11-24T04:00:00+00:00","#
        + #""AccountId":"123456789012"},"AssumedRoleUser":{"AssumedRoleId":"AROAX:s","#
        + #""Arn":"arn:aws:sts::1:assumed-role/Ops/s"}}"#)
    var status = stat()
    #expect(stat("\(folder.path)/.aws/cli/cache/key.json", &status) == 0)
    #expect(status.st_mode & 0o777 == 0o600)
  }

  @Test func `a stored set of keys comes back whole`() throws {
    cache.store(role(account: nil), as: "key")
    let early = Self.moment.adding(seconds: -900.123)
    let found = try #require(cache.credentials("key", now: early))
    #expect(found.accessKeyID == "ASIAROLE")
    #expect(found.fingerprint == role().fingerprint)
    #expect(found.sessionToken == "t")
    #expect(found.accountID == nil)
    #expect(found.expiration == Timestamp(milliseconds: 1_795_492_800_000))
    #expect(cache.credentials("key", now: early.adding(seconds: 0.001)) == nil)
    #expect(cache.credentials("other", now: early) == nil)
  }

  @Test(arguments: [
    "2026-11-24T04:00:00Z", "2026-11-24T04:00:00UTC", "2026-11-24T04:00:00+00:00",
    "2026-11-24T13:00:00+09:00",
  ]) func `all forms of time that the CLI has written are read`(end: String) throws {
    cache.store(
      [
        "Credentials": [
          "AccessKeyId": "A", "SecretAccessKey": "s", "SessionToken": "t",
          "Expiration": .string(end),
        ]
      ], as: "key")
    let found = cache.credentials("key", now: Timestamp(milliseconds: 0))
    #expect(found?.expiration == Timestamp(milliseconds: 1_795_492_800_000))
  }

  @Test func `keys without an end are not stored`() throws {
    cache.store(role(end: nil), as: "key")
    #expect(cache.document("key") == nil)
  }

  @Test func `without a home nothing is stored and nothing found`() throws {
    for home in [nil, ""] {
      let none = CLICache(home: home)
      none.store(role(), as: "key")
      #expect(none.path("key") == nil)
      #expect(none.credentials("key", now: Timestamp(milliseconds: 0)) == nil)
    }
  }

  @Test func `a store that cannot be written costs nothing else`() throws {
    try folder.write(".aws/cli", "a file in the place of a folder")
    cache.store(role(), as: "key")
    #expect(cache.document("key") == nil)
  }

  @Test func `writers of one file do not mix their texts`() async throws {
    let cache = cache
    await withTaskGroup { group in
      for number in 0..<16 {
        let keys = role("ASIA\(number)", token: String(repeating: "\(number % 10)", count: 4000))
        group.addTask { cache.store(keys, as: "key") }
      }
    }
    let found = try #require(cache.credentials("key", now: Timestamp(milliseconds: 0)))
    let digit = try #require(found.accessKeyID.last)
    #expect(found.sessionToken == String(repeating: digit, count: 4000))
    #expect(
      try withExtendedLifetime(folder) { try folder.read(".aws/cli/cache/key.json") }.count > 0)
  }
}
