internal import RotationCore

/// Asks for the codes of MFA devices: one question at a time, and one for each profile.
///
/// A code that no call has used up, since STS could not be reached, serves the next attempt.
actor MFAPrompts {
  typealias Prompt = @Sendable (_ serial: String, _ profile: String) async -> String?

  private enum State {
    case unused(String)
    case spent
  }

  private let prompt: Prompt?
  private var states: [String: State] = [:]
  private var isAsking = false
  private var waiting: [CheckedContinuation<Void, Never>] = []

  init(_ prompt: Prompt?) { self.prompt = prompt }

  /// The code for a profile's device.
  func code(serial: String, profile: String) async -> Result<String, ServiceFailure> {
    if let known = known(serial, profile) { return known }
    guard let prompt else {
      return .failure(
        .local(
          "MFARequired",
          "An MFA code of \(serial) is needed for the profile \"\(profile)\", and there is no "
            + "terminal to ask at. Run \"aws sts get-caller-identity --profile \(profile)\" where "
            + "there is one; the session that it stores is used here."))
    }
    await takeTurn()
    defer { passTurn() }
    // Another task may have asked while this one waited.
    if let known = known(serial, profile) { return known }
    states[profile] = .spent
    let code = await prompt(serial, profile).map { TextTrimming.trim($0) } ?? ""
    guard !code.isEmpty else {
      return .failure(
        .local("MFARequired", "No MFA code was given for \(serial), profile \"\(profile)\"."))
    }
    guard code.utf8.count >= 6 else {
      return .failure(
        .local(
          "ParamValidation",
          "Parameter validation failed:\nInvalid length for parameter TokenCode, value: "
            + "\(code.utf8.count), valid min length: 6"))
    }
    states[profile] = .unused(code)
    return .success(code)
  }

  /// The profile's code was judged, rightly or not; it cannot be used again.
  func spend(profile: String) { states[profile] = .spent }

  private func known(_ serial: String, _ profile: String) -> Result<String, ServiceFailure>? {
    switch states[profile] {
    case nil: return nil
    case .unused(let code): return .success(code)
    case .spent:
      return .failure(
        .local(
          "RefreshWithMFAUnsupported",
          "Cannot refresh credentials: MFA token required. The code of \(serial) was asked for "
            + "once already in this run. Run \"aws sts get-caller-identity --profile \(profile)\" "
            + "to store a new session, then try again; choose a longer duration_seconds for long "
            + "runs."))
    }
  }

  private func takeTurn() async {
    if isAsking {
      await withCheckedContinuation { waiting.append($0) }
    } else {
      isAsking = true
    }
  }

  private func passTurn() {
    if waiting.isEmpty {
      isAsking = false
    } else {
      waiting.removeFirst().resume()
    }
  }
}
