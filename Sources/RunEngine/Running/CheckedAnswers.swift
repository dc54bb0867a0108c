internal import RotationCore

/// Answers that are about another secret than the one that was asked for count as no answer.
///
/// Between us and the service may stand a proxy that delivers an answer twice or too late, and then
/// each later request on that connection gets the answer of the one before.
extension SecretsManagerReader {
  /// DescribeSecret, refusing the state of another secret.
  func checkedState(
    of secretID: String, at site: CallSite, attempt: AttemptNumber
  ) async -> AttemptReply<SecretState> {
    await describeSecret(secretID, at: site, attempt: attempt)
      .refusing(answerOf: \.arn, unlike: secretID)
  }
}

extension SecretsManagerService {
  /// A change, refusing the answer about another secret.
  func checked(
    _ change: SecretChange, to secretID: String, at site: CallSite, attempt: AttemptNumber
  ) async -> AttemptReply<ChangedSecret> {
    await carryOut(change, at: site, attempt: attempt)
      .refusing(answerOf: \.arn, unlike: secretID)
  }
}

extension AttemptReply {
  fileprivate func refusing(
    answerOf arn: (Output) -> String?, unlike asked: String
  ) -> AttemptReply<Output> {
    guard case .success(let output) = result, let told = arn(output),
      !SecretARN.text(told, answers: asked)
    else { return self }
    let failure = ServiceFailure(
      kind: .malformed, code: "AnswerOfAnotherSecret",
      message: "asked about \(asked), and the answer is about \(told)", httpStatus: httpStatus,
      requestID: requestID)
    return AttemptReply(.failure(failure), httpStatus: httpStatus, requestID: requestID)
  }
}
