/// The parts of `arn:<partition>:secretsmanager:<region>:<account>:secret:<name>-<6 characters>`.
///
/// Source: AWS, "Actions, resources, and condition keys for AWS Secrets Manager".
package struct SecretARN: Sendable, Hashable {
  package let partition: String
  package let region: String
  package let accountID: String
  /// What follows `secret:`, suffix included.
  package let resource: String

  /// Why a text that starts with `arn:` cannot be used.
  package struct Problem: Error, Sendable, Hashable {
    package let what: String
    package let mend: String
  }

  package init(partition: String, region: String, accountID: String, resource: String) {
    self.partition = partition
    self.region = region
    self.accountID = accountID
    self.resource = resource
  }

  private static let form = "write arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME-SUFFIX"

  package static func looksLikeARN(_ text: String) -> Bool { text.utf8.starts(with: "arn:".utf8) }

  package init(parsing text: String) throws(Problem) {
    guard SecretARN.looksLikeARN(text) else {
      throw Problem(what: "a text that is no ARN", mend: SecretARN.form)
    }
    // By bytes: this runs several times for each of a million rows.
    var text = text
    let cuts = text.withUTF8 { bytes -> [Int] in
      var cuts: [Int] = []
      cuts.reserveCapacity(6)
      for (index, byte) in bytes.enumerated() where byte == UInt8(ascii: ":") {
        cuts.append(index)
        if cuts.count == 6 { break }
      }
      return cuts
    }
    guard cuts.count == 6 else {
      throw Problem(what: "an ARN with \(cuts.count + 1) of its 7 fields", mend: SecretARN.form)
    }
    func field(_ number: Int) -> String {
      let utf8 = text.utf8
      let start = utf8.index(utf8.startIndex, offsetBy: cuts[number - 1] + 1)
      let end =
        number < 6 ? utf8.index(utf8.startIndex, offsetBy: cuts[number]) : utf8.endIndex
      return String(text[start..<end])
    }
    let service = field(2)
    guard service == "secretsmanager" else {
      throw Problem(
        what: "an ARN of the service '\(service.prefix(40))', not secretsmanager",
        mend: SecretARN.form)
    }
    let resource = field(6)
    guard field(5) == "secret", !resource.isEmpty else {
      throw Problem(what: "an ARN that does not name a secret", mend: SecretARN.form)
    }
    let region = field(3)
    guard Region.isValid(region) else {
      throw Problem(what: "an ARN whose region is '\(region.prefix(40))'", mend: SecretARN.form)
    }
    let account = field(4)
    guard AccountID.isValid(account) else {
      throw Problem(
        what: "an ARN whose account is '\(account.prefix(40))'; an account id has 12 digits",
        mend: SecretARN.form)
    }
    let partition = field(1)
    let expected = Region.partition(of: region)
    guard partition == expected else {
      throw Problem(
        what: "an ARN of partition '\(partition.prefix(40))' with a region of '\(expected)'",
        mend: "\(region) belongs to arn:\(expected):")
    }
    self.init(
      partition: partition, region: region, accountID: account, resource: resource)
  }

  /// Whether the resource ends in `-` and six letters or digits, as every full ARN does.
  package var hasSuffix: Bool {
    let tail = resource.utf8.suffix(7)
    return tail.count == 7 && resource.utf8.count > 7 && tail.first == UInt8(ascii: "-")
      && tail.dropFirst().allSatisfy {
        (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0)
      }
  }

  /// The secret's name: the resource without the suffix, where it has one.
  package var name: String {
    guard hasSuffix else { return resource }
    return String(resource[..<resource.utf8.index(resource.endIndex, offsetBy: -7)])
  }

  package var text: String {
    "arn:\(partition):secretsmanager:\(region):\(accountID):secret:\(resource)"
  }

  /// The same secret as it is known in another region: a replica keeps the suffix.
  package func inRegion(_ other: String) -> SecretARN {
    SecretARN(partition: partition, region: other, accountID: accountID, resource: resource)
  }
}

/// Account ids: twelve digits, kept as text because they may begin with zeros.
package enum AccountID {
  package static func isValid(_ text: String) -> Bool {
    text.utf8.count == 12 && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
  }
}
