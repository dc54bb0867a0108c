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

  /// Every region of a partition, in the order of the names; empty for a partition of other name.
  ///
  /// Source: the SDKs' partitions table of August 2026. What AWS adds later must be named.
  package static func all(in partition: String) -> [String] {
    switch partition {
    case "aws":
      [
        "af-south-1", "ap-east-1", "ap-east-2", "ap-northeast-1", "ap-northeast-2",
        "ap-northeast-3", "ap-south-1", "ap-south-2", "ap-southeast-1", "ap-southeast-2",
        "ap-southeast-3", "ap-southeast-4", "ap-southeast-5", "ap-southeast-6", "ap-southeast-7",
        "ca-central-1", "ca-west-1", "eu-central-1", "eu-central-2", "eu-north-1", "eu-south-1",
        "eu-south-2", "eu-west-1", "eu-west-2", "eu-west-3", "il-central-1", "me-central-1",
        "me-south-1", "mx-central-1", "sa-east-1", "us-east-1", "us-east-2", "us-west-1",
        "us-west-2",
      ]
    case "aws-cn": ["cn-north-1", "cn-northwest-1"]
    case "aws-us-gov": ["us-gov-east-1", "us-gov-west-1"]
    case "aws-eusc": ["eusc-de-east-1"]
    case "aws-iso": ["us-iso-east-1", "us-iso-west-1"]
    case "aws-iso-b": ["us-isob-east-1", "us-isob-west-1"]
    case "aws-iso-e": ["eu-isoe-west-1"]
    case "aws-iso-f": ["us-isof-east-1", "us-isof-south-1"]
    default: []
    }
  }
}
