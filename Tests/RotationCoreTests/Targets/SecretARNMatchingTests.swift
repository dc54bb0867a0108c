import RotationCore
import Testing

@Suite struct SecretARNMatchingTests {
  private static let arn = "arn:aws:secretsmanager:us-east-1:111122223333:secret:app/db-1-a1B2c3"

  @Test(arguments: [arn, String(arn.dropLast(7)), "app/db-1"])
  func `a secret answers to its name, its ARN and its ARN without the suffix`(asked: String) {
    #expect(SecretARN.text(SecretARNMatchingTests.arn, answers: asked))
  }

  @Test func `what does not begin as an ARN is none`() {
    #expect(throws: SecretARN.Problem.self) {
      try SecretARN(parsing: "urn" + SecretARNMatchingTests.arn.dropFirst(3))
    }
  }

  @Test(arguments: [
    "db-1", "app/db", "app/db-1-a1B2c3", "app/db-1-", "", "1", "secret:app/db-1", "app/db-11",
    "arn:aws:secretsmanager:eu-west-1:111122223333:secret:app/db-1-a1B2c3",
    "arn:aws:secretsmanager:us-east-1:111122223333:secret:app/db-2-a1B2c3",
    "arn:aws:secretsmanager:us-east-1:111122223333:secret:app/db",
  ])
  func `a secret does not answer for another one`(asked: String) {
    #expect(!SecretARN.text(SecretARNMatchingTests.arn, answers: asked))
  }
}
