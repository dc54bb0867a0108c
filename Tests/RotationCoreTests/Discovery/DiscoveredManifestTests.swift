import RotationCore
import Testing

@Suite struct DiscoveredManifestTests {
  private static let next = Timestamp(milliseconds: 1_795_457_501_123)

  private static func secrets() throws -> [DiscoveredSecret] {
    var state = SecretState()
    state.rotationEnabled = true
    state.nextRotation = next
    state.owningService = "rds"
    let names = ["prod/db", "=cmd|x", "+plus", "-minus", "@at", "rds!db-1", "name-abcdef"]
    return try names.enumerated().map { index, name in
      let arn = try SecretARN(
        parsing: "arn:aws:secretsmanager:eu-west-1:012345678901:secret:\(name)-AbCdE\(index)")
      var secret = DiscoveredSecret(
        arn: arn, name: name, profile: index == 1 ? "=odd, \"profile\"" : index == 2 ? nil : "ops",
        state: state)
      secret.isConfirmed = index == 0 ? true : nil
      secret.seenIn = index == 3 ? "eu-west-2" : nil
      return secret
    }
  }

  private func text(_ format: DiscoveredManifest.Format) throws -> [UInt8] {
    var manifest = DiscoveredManifest(format: format)
    var bytes = manifest.head
    for secret in try Self.secrets() { bytes += manifest.row(secret) }
    return bytes + manifest.tail
  }

  @Test(arguments: DiscoveredManifest.Format.allCases)
  func `what is written is read back, whatever its form`(
    format: DiscoveredManifest.Format
  ) throws {
    let manifest = ManifestFormat(rawValue: format.rawValue)
    let bytes = try text(format)
    for pieces in [Int.max, 7] {
      // With its form given, and found out.
      for given in [manifest, nil] {
        let (sink, _) = decode(bytes, as: given, pieces: pieces)
        #expect(sink.problemTexts == [])
        let secrets = try Self.secrets()
        #expect(sink.entries.map(\.secretID) == secrets.map(\.arn.text))
        #expect(sink.entries.map(\.regions) == secrets.map { [$0.arn.region] })
        #expect(sink.entries.map(\.profiles) == secrets.map { $0.profile.map { [$0] } ?? [] })
        #expect(sink.entries.allSatisfy { $0.accountID == "012345678901" })
        let labels = sink.entries.map { entry in
          entry.labels.first { $0.name == "next_rotation" }?.value
        }
        #expect(labels.allSatisfy { $0 == Self.next.iso8601 })
        #expect(
          sink.entries[0].labels.contains(Label(name: "confirmed", value: "yes")))
      }
    }
  }

  @Test func `a cell that looks like a formula gets an apostrophe, and none that counts`() throws {
    let lines = String(decoding: try text(.csv), as: UTF8.self).split(separator: "\n")
    #expect(lines[0].hasPrefix("secret_id,region,profile,account_id,name,rotation,"))
    #expect(lines[2].contains("\"=odd, \"\"profile\"\"\""))
    #expect(lines[2].contains(",'=cmd|x,on,"))
    #expect(lines[3].contains(",'+plus,"))
    #expect(lines[1].contains(",prod/db,on,"))
    for line in lines { #expect(line.hasPrefix("secret_id") || line.hasPrefix("arn:")) }
  }

  @Test func `nothing found is still a whole text`() throws {
    let manifest = DiscoveredManifest(format: .json)
    let value = try JSONValue(parsing: manifest.head + manifest.tail)
    #expect(value["secrets"]?.array?.isEmpty == true)
  }

  @Test func `a secret comes back from its record`() throws {
    for secret in try Self.secrets() { #expect(DiscoveredSecret(record: secret.record) == secret) }
  }
}
