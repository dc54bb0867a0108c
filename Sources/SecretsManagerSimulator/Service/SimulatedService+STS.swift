import RotationCore

/// The operations of STS that a run needs.
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
    return try takeOn(roleARN, request, who: "User: \(request.caller.arn)", now: now)
  }

  /// AssumeRoleWithWebIdentity: unsigned; any token but an empty one will do.
  mutating func assumeRoleWithWebIdentity(
    _ request: ServiceRequest, now: Timestamp
  ) throws(Refusal) -> JSONValue {
    guard request.input["WebIdentityToken"]?.string?.isEmpty == false else {
      throw Refusal(
        "InvalidIdentityToken",
        "The ID Token provided is not a valid JWT. (You may see this error "
          + "if you sent an Access Token)")
    }
    return try takeOn(request.input["RoleArn"]?.string ?? "", request, who: "The token", now: now)
  }

  private mutating func takeOn(
    _ roleARN: String, _ request: ServiceRequest, who: String, now: Timestamp
  ) throws(Refusal) -> JSONValue {
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
    let asked = request.input["DurationSeconds"]?.string.map { Int($0) ?? 0 }
    if let asked, !(900...43_200).contains(asked) {
      throw Refusal(
        "ValidationError",
        "1 validation error detected: Value '\(asked)' at 'durationSeconds' failed to satisfy "
          + "constraint: Member must have value between 900 and 43200")
    }
    let accountID = String(fields[4])
    guard scenario.account(accountID) != nil else {
      throw Refusal(
        "AccessDenied",
        "\(who) is not authorized to perform: sts:\(request.operation) on resource: \(roleARN)",
        status: 403)
    }
    if let serial = request.input["SerialNumber"]?.string,
      request.input["TokenCode"]?.string?.utf8.count != 6
    {
      throw Refusal(
        "AccessDenied",
        "MultiFactorAuthentication failed with invalid MFA one time pass code for "
          + serial, status: 403)
    }
    let credential = handOut(
      role: role, account: accountID, partition: String(fields[1]), session: session,
      seconds: asked.map(Double.init), now: now)
    return answer(for: credential)
  }

  /// Makes the keys of a role's session, which the simulator knows from then on.
  ///
  /// - `seconds`: how long they hold; nil for the scenario's own figure.
  mutating func handOut(
    role: String, account: String, partition: String = "aws", session: String,
    seconds: Double? = nil, now: Timestamp
  ) -> SimulatedCredential {
    let roleARN = "arn:\(partition):iam::\(account):role/\(role)"
    let seed = [nextRequestID(), roleARN, session]
    let roleID = "AROA" + Mixer.text(17, from: Alphabet.base32, ["role", roleARN])
    let credential = SimulatedCredential(
      accessKeyID: "ASIA" + Mixer.text(16, from: Alphabet.base32, ["key"] + seed),
      secretAccessKey: Mixer.text(40, from: Alphabet.alphanumeric, ["secret"] + seed),
      sessionToken: Mixer.text(200, from: Alphabet.alphanumeric, ["token"] + seed),
      expires: now.adding(seconds: seconds ?? scenario.sessionSeconds),
      caller: CallerIdentity(
        accountID: account,
        arn: "arn:\(partition):sts::\(account):assumed-role/\(role)/\(session)",
        userID: "\(roleID):\(session)"))
    register(credential)
    return credential
  }

  private func answer(for credential: SimulatedCredential) -> JSONValue {
    [
      "Credentials": [
        "AccessKeyId": .string(credential.accessKeyID),
        "SecretAccessKey": .string(credential.secretAccessKey),
        "SessionToken": .string(credential.sessionToken ?? ""),
        "Expiration": .string(credential.expirationText),
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
