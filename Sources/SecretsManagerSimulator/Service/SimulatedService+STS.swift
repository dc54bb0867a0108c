import RotationCore

/// The two operations of STS that a run needs.
///
/// Source: AWS Security Token Service API reference.
extension SimulatedService {
  func callerIdentity(_ request: ServiceRequest) -> JSONValue {
    [
      "Arn": .string(request.caller.arn), "UserId": .string(request.caller.userID),
      "Account": .string(request.caller.accountID),
    ]
  }

  /// AssumeRole: any role of any account of the scenario may be taken on by anyone in it.
  mutating func assumeRole(
    _ request: ServiceRequest, now: Timestamp
  ) throws(Refusal) -> JSONValue {
    let roleARN = request.input["RoleArn"]?.string ?? ""
    let fields = roleARN.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
    guard fields.count == 6, fields[0] == "arn", !fields[1].isEmpty, fields[2] == "iam",
      AccountID.isValid(String(fields[4])), fields[5].hasPrefix("role/"),
      let role = fields[5].split(separator: "/").last.map(String.init)
    else { throw Refusal("ValidationError", "\(roleARN) is invalid") }
    let session = request.input["RoleSessionName"]?.string ?? ""
    guard (2...64).contains(session.count), SimulatedService.isSessionName(session) else {
      throw Refusal(
        "ValidationError",
        "1 validation error detected: Value '\(session)' at 'roleSessionName' failed to satisfy "
          + "constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]*")
    }
    let seconds = request.input["DurationSeconds"]?.string.map { Int($0) ?? 0 } ?? 3600
    guard (900...43_200).contains(seconds) else {
      throw Refusal(
        "ValidationError",
        "1 validation error detected: Value '\(seconds)' at 'durationSeconds' failed to satisfy "
          + "constraint: Member must have value between 900 and 43200")
    }
    let accountID = String(fields[4])
    guard scenario.account(accountID) != nil else {
      throw Refusal(
        "AccessDenied",
        "User: \(request.caller.arn) is not authorized to perform: sts:AssumeRole on resource: "
          + roleARN, status: 403)
    }
    let seed = [nextRequestID(), roleARN, session]
    let roleID = "AROA" + Mixer.text(17, from: Alphabet.base32, ["role", roleARN])
    let credential = SimulatedCredential(
      accessKeyID: "ASIA" + Mixer.text(16, from: Alphabet.base32, ["key"] + seed),
      secretAccessKey: Mixer.text(40, from: Alphabet.alphanumeric, ["secret"] + seed),
      sessionToken: Mixer.text(200, from: Alphabet.alphanumeric, ["token"] + seed),
      expires: now.adding(seconds: Double(seconds)),
      caller: CallerIdentity(
        accountID: accountID,
        arn: "arn:\(fields[1]):sts::\(accountID):assumed-role/\(role)/\(session)",
        userID: "\(roleID):\(session)"))
    register(credential)
    return answer(for: credential)
  }

  private func answer(for credential: SimulatedCredential) -> JSONValue {
    let expiration = credential.expires?.iso8601 ?? ""
    return [
      "Credentials": [
        "AccessKeyId": .string(credential.accessKeyID),
        "SecretAccessKey": .string(credential.secretAccessKey),
        "SessionToken": .string(credential.sessionToken ?? ""),
        "Expiration": .string(expiration.prefix(19) + "Z"),
      ],
      "AssumedRoleUser": [
        "AssumedRoleId": .string(credential.caller.userID), "Arn": .string(credential.caller.arn),
      ],
    ]
  }

  private static func isSessionName(_ text: String) -> Bool {
    text.utf8.allSatisfy { byte in
      (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte)
        || (0x61...0x7A).contains(byte) || "_+=,.@-".utf8.contains(byte)
    }
  }
}
