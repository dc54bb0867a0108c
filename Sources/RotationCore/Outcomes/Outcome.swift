/// What a target settled as; every target has exactly one.
package enum Outcome: String, Sendable, Hashable, CaseIterable {
  /// Turned off by this run, proven by a re-read.
  case cancelled
  /// Turned on again by this run as it was saved, proven by a re-read.
  case restored
  /// AWSPENDING was taken off the stuck version by this run, proven by a re-read.
  case labelRemoved
  /// The stuck version was made the current one by this run, proven by a re-read.
  case promoted
  case alreadyOff
  case neverConfigured
  /// Rotation is on as it was saved, and this run did not do it.
  case alreadyOn
  /// No version was stuck in AWSPENDING.
  case nothingPending
  /// A replica; its primary was acted on through another target.
  case mergedIntoPrimary
  /// Left alone on purpose; the reason says why.
  case skipped
  case failed
  /// A change may have happened and could not be proven either way.
  case unknown
  /// The run ended before this target's turn.
  case notAttempted
}

/// Why a target settled as it did, where the outcome alone does not say.
package enum OutcomeReason: String, Sendable, Hashable, CaseIterable {
  /// Rotation is running; the operator chose to skip such secrets, or waiting took too long.
  case inFlight
  case markedForDeletion
  /// The same secret as another target.
  case duplicate
  /// The state differs from the plan in what matters.
  case drifted
  /// Refused before any call: wrong account, no profile for the account.
  case refused
  /// Credentials or identity of the profile could not be had.
  case preflight
  /// The service or the network refused; the failure says how.
  case service
  /// The change was answered, and re-reads do not show it.
  case notProven
  /// Signal, deadline or failure threshold.
  case stopped
  /// A version that is stuck in AWSPENDING keeps AWS from rotating.
  case pendingBlocks
}

/// One HTTP exchange as it is kept for the record.
package struct AttemptRecord: Sendable, Hashable {
  package var operation: ServiceOperation
  /// From 1 within its call.
  package var number: Int
  package var startedAt: Timestamp
  package var durationMilliseconds: Int
  package var httpStatus: Int?
  package var requestID: String?
  package var errorCode: String?
  package var errorMessage: String?
  /// How long was waited before the next attempt; nil when there was none.
  package var retryDelayMilliseconds: Int?

  package init(
    operation: ServiceOperation, number: Int, startedAt: Timestamp, durationMilliseconds: Int
  ) {
    self.operation = operation
    self.number = number
    self.startedAt = startedAt
    self.durationMilliseconds = durationMilliseconds
  }
}

/// Something that a person should know about a target whatever its outcome.
package struct TargetWarning: Sendable, Hashable {
  package enum Code: String, Sendable, Hashable {
    /// A version still carries AWSPENDING and will block the next rotation.
    case leftoverPending
    /// A rotation is running, so that the secret was left alone.
    case rotationRunning
    /// The rotation that was cancelled had been stuck for more than an hour.
    case stalledRotation
    /// A rotation was running while it was cancelled.
    case cancelledInFlight
    /// CloudFormation, Terraform or an AWS service may switch rotation on again.
    case reEnabler
    /// The secret belongs to another account than the caller.
    case crossAccount
    /// The ARN that answered is not the one that was asked for.
    case otherARN
  }
  package var code: Code
  package var message: String
  /// The command to run next, where there is one.
  package var next: String?

  package init(_ code: Code, _ message: String, next: String? = nil) {
    self.code = code
    self.message = message
    self.next = next
  }
}

/// Everything that a run found out about one target.
package struct Settlement: Sendable, Hashable {
  package var ordinal: Int
  package var outcome: Outcome
  package var reason: OutcomeReason?
  /// One sentence for people; empty when the outcome says it all.
  package var message: String
  package var startedAt: Timestamp
  package var settledAt: Timestamp
  package var before: SecretState?
  package var after: SecretState?
  package var attempts: [AttemptRecord]
  package var failure: ServiceFailure?
  package var warnings: [TargetWarning]
  /// For `mergedIntoPrimary` and duplicates: the target that acted.
  package var primaryOrdinal: Int?

  package init(
    ordinal: Int, outcome: Outcome, reason: OutcomeReason? = nil, message: String = "",
    startedAt: Timestamp, settledAt: Timestamp
  ) {
    self.ordinal = ordinal
    self.outcome = outcome
    self.reason = reason
    self.message = message
    self.startedAt = startedAt
    self.settledAt = settledAt
    attempts = []
    warnings = []
  }

  /// Whether this target allows exit status 0.
  ///
  /// A secret whose deletion is scheduled cannot rotate, and a duplicate is judged by the target
  /// that acts for it; a secret skipped because its rotation runs is still on.
  package var isGood: Bool {
    switch outcome {
    case .cancelled, .restored, .labelRemoved, .promoted, .alreadyOff, .neverConfigured,
      .alreadyOn, .nothingPending, .mergedIntoPrimary:
      true
    case .skipped: reason == .markedForDeletion || reason == .duplicate
    case .failed, .unknown, .notAttempted: false
    }
  }
}

extension AttemptRecord {
  package var record: JSONValue {
    var object: JSONObject = [
      "operation": .string(operation.rawValue), "attempt": JSONValue(number),
      "startedAt": .string(startedAt.iso8601), "durationMs": JSONValue(durationMilliseconds),
    ]
    object["httpStatus"] = httpStatus.map { JSONValue($0) }
    object["requestId"] = requestID.map(JSONValue.string)
    object["errorCode"] = errorCode.map(JSONValue.string)
    object["errorMessage"] = errorMessage.map(JSONValue.string)
    object["retryDelayMs"] = retryDelayMilliseconds.map { JSONValue($0) }
    return .object(object)
  }

  package init?(record: JSONValue) {
    guard let operation = record["operation"]?.string.flatMap(ServiceOperation.init(rawValue:)),
      let number = record["attempt"]?.int,
      let started = record["startedAt"]?.string.flatMap(Timestamp.init(iso8601:)),
      let duration = record["durationMs"]?.int
    else { return nil }
    self.init(
      operation: operation, number: number, startedAt: started, durationMilliseconds: duration)
    httpStatus = record["httpStatus"]?.int
    requestID = record["requestId"]?.string
    errorCode = record["errorCode"]?.string
    errorMessage = record["errorMessage"]?.string
    retryDelayMilliseconds = record["retryDelayMs"]?.int
  }
}

extension Settlement {
  /// The members of a settlement in the journal and in reports.
  package var recordMembers: JSONObject {
    var object: JSONObject = ["ordinal": JSONValue(ordinal), "outcome": .string(outcome.rawValue)]
    object["outcomeReason"] = reason.map { .string($0.rawValue) }
    if !message.isEmpty { object["message"] = .string(message) }
    object["startedAt"] = .string(startedAt.iso8601)
    object["settledAt"] = .string(settledAt.iso8601)
    object["actedThrough"] = primaryOrdinal.map { JSONValue($0) }
    object["failure"] = failure?.record
    object["before"] = before?.record
    object["after"] = after?.record
    if !attempts.isEmpty { object["attempts"] = .array(attempts.map(\.record)) }
    if !warnings.isEmpty {
      object["warnings"] = .array(
        warnings.map { warning in
          var item: JSONObject = [
            "code": .string(warning.code.rawValue), "message": .string(warning.message),
          ]
          item["next"] = warning.next.map(JSONValue.string)
          return .object(item)
        })
    }
    return object
  }

  package init?(record: JSONValue) {
    guard let ordinal = record["ordinal"]?.int,
      let outcome = record["outcome"]?.string.flatMap(Outcome.init(rawValue:)),
      let started = record["startedAt"]?.string.flatMap(Timestamp.init(iso8601:)),
      let settled = record["settledAt"]?.string.flatMap(Timestamp.init(iso8601:))
    else { return nil }
    self.init(
      ordinal: ordinal, outcome: outcome,
      reason: record["outcomeReason"]?.string.flatMap(OutcomeReason.init(rawValue:)),
      message: record["message"]?.string ?? "", startedAt: started, settledAt: settled)
    primaryOrdinal = record["actedThrough"]?.int
    failure = record["failure"].map(ServiceFailure.init(record:))
    before = record["before"].map(SecretState.init(record:))
    after = record["after"].map(SecretState.init(record:))
    attempts = (record["attempts"]?.array ?? []).compactMap(AttemptRecord.init(record:))
    warnings = (record["warnings"]?.array ?? []).compactMap { item in
      guard let code = item["code"]?.string.flatMap(TargetWarning.Code.init(rawValue:)),
        let message = item["message"]?.string
      else { return nil }
      return TargetWarning(code, message, next: item["next"]?.string)
    }
  }
}
