import RotationCore
import Testing

@Suite struct RegionTests {
  @Test(arguments: [
    "us-east-1", "eu-west-1", "ap-southeast-2", "us-gov-west-1", "cn-north-1", "eusc-de-east-1",
    "us-iso-east-1",
  ])
  func `a region of a known shape is valid`(_ region: String) {
    #expect(Region.isValid(region))
  }

  @Test(arguments: [
    "", "us", "us-east", "us-east-", "US-EAST-1", "us east-1", "us-east-1.evil.example", "-us-1",
    "us--east-1", "aws-global", "us-east-1/", "1-1-1", "us-éast-1",
    String(repeating: "a", count: 62) + "-1",
  ])
  func `a text that may not enter a host name is refused`(_ region: String) {
    #expect(!Region.isValid(region))
  }

  @Test(arguments: [
    ("us-east-1", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov"),
    ("eusc-de-east-1", "aws-eusc"), ("us-iso-east-1", "aws-iso"), ("us-isob-east-1", "aws-iso-b"),
    ("us-isof-south-1", "aws-iso-f"), ("eu-isoe-west-1", "aws-iso-e"), ("xx-new-9", "aws"),
  ])
  func `a region tells its partition`(_ region: String, _ partition: String) {
    #expect(Region.partition(of: region) == partition)
  }
}
