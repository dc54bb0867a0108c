internal import DurableFiles
internal import RotationCore

/// A token of IAM Identity Center as its file in `~/.aws/sso/cache` holds it; never printed.
struct IdentityCenterToken: Sendable, CustomStringConvertible {
  /// All of the file, so that what others keep there outlives a refresh.
  private(set) var document: JSONObject
  let accessToken: String
  let expiration: Timestamp

  var description: String { "<redacted>" }

  /// Reads the token's file.
  init(
    at path: String, of session: IdentityCenterSession
  ) throws(ServiceFailure) {
    guard CLIFile.isRegular(path) else {
      throw IdentityCenterFailure.token("Token for \(session.label) does not exist")
    }
    // The CLI names the start URL here in both forms.
    let invalid = "Token for \(session.startURL) is invalid"
    let place = "(profile \"\(session.profile)\")"
    let value: JSONValue
    do {
      let bytes = try DurableFile.read(path, atMost: CLIFile.maximumBytes)
      value = try JSONValue(parsing: bytes)
    } catch let error as FileError {
      throw IdentityCenterFailure.token("\(invalid): \(error) \(place)")
    } catch {
      throw IdentityCenterFailure.token("\(invalid): \(path) is not JSON \(place)")
    }
    guard let document = value.object, document["accessToken"] != nil,
      let written = document["expiresAt"]
    else { throw IdentityCenterFailure.token(invalid) }
    guard let token = value["accessToken"]?.string, IdentityCenterToken.isHeader(token) else {
      throw IdentityCenterFailure.token("\(invalid): accessToken in \(path) \(place)")
    }
    guard let text = written.string, let end = Timestamp(iso8601: text) else {
      throw IdentityCenterFailure.token("\(invalid): expiresAt in \(path) is no time \(place)")
    }
    self.document = document
    accessToken = token
    expiration = end
  }

  /// The token that an answer of CreateToken makes of this one; nil when it lacks something.
  ///
  /// Without a new refresh token the old one stays (RFC 6749, section 6).
  func renewed(
    by answer: JSONValue, _ session: IdentityCenterSession, now: Timestamp
  ) -> IdentityCenterToken? {
    guard let token = answer["accessToken"]?.string, IdentityCenterToken.isHeader(token),
      let lifetime = answer["expiresIn"]?.int, (0..<(1 << 32)).contains(lifetime)
    else { return nil }
    let end = CLICache.seconds(of: now.adding(seconds: Double(lifetime)))
    var document = document
    document["startUrl"] = .string(session.startURL)
    document["region"] = .string(session.region)
    document["accessToken"] = .string(token)
    document["expiresAt"] = .string("\(end)Z")
    if let next = answer["refreshToken"]?.string { document["refreshToken"] = .string(next) }
    return Timestamp(iso8601: end).map {
      IdentityCenterToken(document: document, accessToken: token, expiration: $0)
    }
  }

  private init(document: JSONObject, accessToken: String, expiration: Timestamp) {
    self.document = document
    self.accessToken = accessToken
    self.expiration = expiration
  }

  /// Whether a text can be sent in a header line.
  private static func isHeader(_ text: String) -> Bool {
    text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
  }
}

/// Hands out tokens of IAM Identity Center and refreshes them; one for all of a process.
///
/// Each file is read and refreshed by one task at a time, and all who ask meanwhile share what
/// it finds. The file is read anew each time, so that `aws sso login` is noticed.
actor TokenRefresher {
  typealias Answer = Result<IdentityCenterToken, ServiceFailure>

  /// Tokens are refreshed this long before they end, and tried at most once in the pause.
  static let windowSeconds: Double = 900
  static let pauseSeconds: Double = 60

  private var running: [String: Task<Answer, Never>] = [:]
  /// The last try of each file: when the next may be, and how it failed.
  private var tries: [String: (next: Timestamp, failure: ServiceFailure)] = [:]
  /// Refreshed tokens that could not be written.
  private var unsaved: [String: IdentityCenterToken] = [:]
  private var exposed: Set<String> = []

  func token(
    for session: IdentityCenterSession, _ context: CredentialContext, region: String
  ) async -> Answer {
    guard let home = context.configuration.environment["HOME"] else {
      return .failure(IdentityCenterFailure.token("Token for \(session.label) does not exist"))
    }
    let path = session.tokenPath(home: home)
    if let task = running[path] { return await task.value }
    // Awaited right here and by all who come meanwhile; unstructured so that one caller's
    // cancellation does not fail the others.
    let task = Task {
      let refresh = TokenRefresh(session: session, context: context, region: region)
      return await self.load(path, refresh)
    }
    running[path] = task
    return await task.value
  }

  private func load(_ path: String, _ refresh: TokenRefresh) async -> Answer {
    defer { running[path] = nil }
    do {
      let token = try current(path, refresh)
      let now = refresh.context.clock()
      let left = token.expiration.seconds(since: now)
      guard refresh.session.name != nil else {
        return left > 0 ? .success(token) : .failure(IdentityCenterFailure.unauthorized)
      }
      if left >= TokenRefresher.windowSeconds { return .success(token) }
      return await renew(token, path, refresh)
    } catch {
      return .failure(error)
    }
  }

  /// The token of the file, or a later one that could not be written there.
  private func current(
    _ path: String, _ refresh: TokenRefresh
  ) throws(ServiceFailure) -> IdentityCenterToken {
    let token = try IdentityCenterToken(at: path, of: refresh.session)
    if let warning = CLIFile.exposure(path), exposed.insert(path).inserted {
      refresh.context.warn(warning)
    }
    guard let later = unsaved[path], later.expiration > token.expiration else { return token }
    return later
  }

  private func renew(
    _ token: IdentityCenterToken, _ path: String, _ refresh: TokenRefresh
  ) async -> Answer {
    let isValid = token.expiration > refresh.context.clock()
    if let last = tries[path], refresh.context.clock() < last.next {
      return isValid ? .success(token) : .failure(last.failure)
    }
    switch await refresh.run(token) {
    case .renewed(let new):
      tries[path] = nil
      save(new, path, refresh)
      return .success(new)
    case .failed(let failure, let reason):
      // Someone else, such as the CLI, may have used the refresh token first.
      if let other = try? current(path, refresh), other.accessToken != token.accessToken,
        other.expiration > refresh.context.clock()
      {
        return .success(other)
      }
      let now = refresh.context.clock()
      tries[path] = (now.adding(seconds: TokenRefresher.pauseSeconds), failure)
      let holds = token.expiration > now
      if let reason {
        refresh.context.warn(refresh.warning(reason, until: token.expiration, holds))
      }
      return holds ? .success(token) : .failure(failure)
    }
  }

  private func save(_ token: IdentityCenterToken, _ path: String, _ refresh: TokenRefresh) {
    do throws(FileError) {
      try CLICache.write(.object(token.document), to: path)
      unsaved[path] = nil
    } catch {
      unsaved[path] = token
      refresh.context.warn("The refreshed token could not be stored: \(error)")
    }
  }
}

/// One try to refresh a token.
struct TokenRefresh: Sendable {
  enum Outcome: Sendable {
    case renewed(IdentityCenterToken)
    /// The failure if the token has ended, and what to warn of; nil where nothing was tried.
    case failed(ServiceFailure, reason: String?)
  }

  let session: IdentityCenterSession
  let context: CredentialContext
  /// Where the session names no region.
  let region: String

  /// Asks CreateToken for a new token.
  func run(_ token: IdentityCenterToken) async -> Outcome {
    let unrefreshed = IdentityCenterFailure.unrefreshed
    guard let refreshToken = token.document["refreshToken"]?.string,
      let clientID = token.document["clientId"]?.string,
      let secret = token.document["clientSecret"]?.string,
      let registered = token.document["registrationExpiresAt"]?.string
    else { return .failed(unrefreshed, reason: nil) }
    guard let registrationEnd = Timestamp(iso8601: registered), registrationEnd > context.clock()
    else { return .failed(unrefreshed, reason: "the client registration has expired") }
    let body: JSONValue = [
      "grantType": "refresh_token", "clientId": .string(clientID),
      "clientSecret": .string(secret), "refreshToken": .string(refreshToken),
    ]
    let response: HTTPResponse
    do throws(ServiceFailure) {
      response = try await send(body.compactBytes)
    } catch {
      return .failed(error, reason: error.message)
    }
    guard (200..<300).contains(response.status) else {
      return .failed(unrefreshed, reason: TokenRefresh.reason(response))
    }
    guard let answer = try? JSONValue(parsing: response.body),
      let new = token.renewed(by: answer, session, now: context.clock())
    else { return .failed(unrefreshed, reason: "the answer of CreateToken is not whole") }
    return .renewed(new)
  }

  /// Sends the request, again as often as the settings say while that may help.
  private func send(_ body: [UInt8]) async throws(ServiceFailure) -> HTTPResponse {
    let request = try session.request(
      .ssoOIDC, "POST", "/token", [HTTPHeader("Content-Type", "application/json")], body,
      context, region: region)
    let retries = try? context.configuration.retrySettings(profile: context.explicitProfile)
    let attempts = retries?.maximumAttempts ?? 3
    var number = 1
    while true {
      let answer = await context.exchange(request)
      let isWorthAnother =
        switch answer {
        case .success(let response): IdentityCenterFailure.isTransient(response.status)
        case .failure(let failure): failure.kind == .connect || failure.kind == .lost
        }
      guard isWorthAnother, number < attempts else {
        return try answer.mapError(IdentityCenterFailure.transport).get()
      }
      await context.sleep(
        RetryPolicy().delaySeconds(
          afterAttempt: number, verdict: .throttling, hintMilliseconds: nil,
          unit: Double.random(in: 0..<1)))
      number += 1
    }
  }

  /// Such as `InvalidGrantException: Invalid refresh token provided`.
  private static func reason(_ response: HTTPResponse) -> String {
    let failure = ServiceAnswer.jsonFailure(response)
    let body = try? JSONValue(parsing: response.body)
    let text = body?["error_description"]?.string ?? failure.message
    let code = failure.code == String(response.status) ? body?["error"]?.string : nil
    return TextTrimming.excerpt("\(code ?? failure.code)\(text.isEmpty ? "" : ": \(text)")")
  }

  func warning(_ reason: String, until end: Timestamp, _ holds: Bool) -> String {
    let state = holds ? "is valid until \(CLICache.seconds(of: end))Z" : "has expired"
    return "The IAM Identity Center token of \"\(session.label)\" could not be refreshed "
      + "(\(reason)) and \(state). To log in again run aws sso login --profile \(session.profile)"
  }
}
