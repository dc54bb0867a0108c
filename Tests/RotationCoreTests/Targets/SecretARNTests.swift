import RotationCore
import Testing

@Suite struct SecretARNTests {
  @Test func `a full ARN has its parts`() throws {
    let text = "arn:aws:secretsmanager:us-east-1:111122223333:secret:prod/db-a1B2c3"
    let arn = try SecretARN(parsing: text)
    #expect(arn.partition == "aws" && arn.region == "us-east-1")
    #expect(arn.accountID == "111122223333" && arn.resource == "prod/db-a1B2c3")
    #expect(arn.hasSuffix && arn.name == "prod/db")
    #expect(arn.text == text)
    #expect(arn.inRegion("eu-west-1").text.contains(":eu-west-1:"))
  }

  @Test(arguments: [
    ("prod/db", "prod/db", false), ("a-b-AbCdEf", "a-b", true), ("x-12345", "x-12345", false),
    ("-AbCdEf", "-AbCdEf", false), ("a-AbCd!f", "a-AbCd!f", false), ("a:b-AbCdE1", "a:b", true),
  ])
  func `the suffix is a hyphen and six letters or digits`(
    _ resource: String, _ name: String, _ hasSuffix: Bool
  ) throws {
    let arn = try SecretARN(
      parsing: "arn:aws:secretsmanager:us-east-1:111122223333:secret:" + resource)
    #expect(arn.name == name)
    #expect(arn.hasSuffix == hasSuffix)
  }

  @Test(arguments: [
    "arn:", "arn:aws:secretsmanager:us-east-1:111122223333:secret",
    "arn:aws:secretsmanager:us-east-1:111122223333:secret:",
    "arn:aws:secretsmanager:us-east-1:111122223333:key:x", "arn:aws:s3:::bucket:x",
    "arn:aws:secretsmanager::111122223333:secret:x", "arn:aws:secretsmanager:us-east-1::secret:x",
    "arn:aws:secretsmanager:us-east-1:11112222333a:secret:x",
    "arn:aws-cn:secretsmanager:us-east-1:111122223333:secret:x",
    "arn:aws:secretsmanager:us-gov-west-1:111122223333:secret:x",
    "arn:aws:secretsmanager:evil.example/:111122223333:secret:x",
  ])
  func `another form is refused with a reason`(_ text: String) {
    #expect(throws: SecretARN.Problem.self) { try SecretARN(parsing: text) }
  }

  @Test(arguments: [
    "arn:aws-cn:secretsmanager:cn-north-1:111122223333:secret:x-AbCdEf",
    "arn:aws-us-gov:secretsmanager:us-gov-west-1:111122223333:secret:x-AbCdEf",
  ])
  func `other partitions are read`(_ text: String) throws {
    #expect(try SecretARN(parsing: text).text == text)
  }
}
