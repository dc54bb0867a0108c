/// Region names: their form, and the partition that each belongs to.
///
/// Source: AWS, service model of Secrets Manager (RegionType) and the SDKs' partitions table.
package enum Region {
  /// `^([a-z]+-)+\d+$` within 63 bytes.
  ///
  /// A region becomes part of a host name, so nothing else may pass.
  package static func isValid(_ text: String) -> Bool {
    guard (4...63).contains(text.utf8.count) else { return false }
    var parts = 0
    var letters = 0
    var digits = 0
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z") where digits == 0: letters += 1
      case UInt8(ascii: "0")...UInt8(ascii: "9") where letters == 0: digits += 1
      case UInt8(ascii: "-") where letters > 0:
        parts += 1
        letters = 0
      default: return false
      }
    }
    return parts >= 1 && digits > 0
  }

  private static let partitions = [
    ("cn-", "aws-cn"), ("eusc-", "aws-eusc"), ("us-gov-", "aws-us-gov"), ("us-iso-", "aws-iso"),
    ("us-isob-", "aws-iso-b"), ("us-isof-", "aws-iso-f"), ("eu-isoe-", "aws-iso-e"),
  ]

  /// The partition by the prefix of the name; a region of unknown shape counts as `aws`.
  package static func partition(of region: String) -> String {
    return partitions.first { region.utf8.starts(with: $0.0.utf8) }?.1 ?? "aws"
  }
}
