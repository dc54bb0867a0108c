internal import RotationCore

/// One failure as a person needs it: what, where, why, what to do, and how the process ends.
///
/// The only form in which the console prints a failure.
struct Diagnostic: Sendable, Hashable {
  /// A clause in lower case without a final stop: `the manifest cannot be used`.
  var what: String
  /// `file:line:column`, an option or a target; nil where there is no such place.
  var place: String?
  /// The cause in the words of whoever refused.
  var cause: String?
  /// An imperative without a final stop; may name a command.
  var hint: String?
  var status: ExitStatus
  /// Lines that are shown before it, such as one for each problem of a file.
  var details: [String] = []

  init(
    _ what: String, at place: String? = nil, because cause: String? = nil, hint: String? = nil,
    status: ExitStatus
  ) {
    self.what = what
    self.place = place
    self.cause = cause
    self.hint = hint
    self.status = status
  }

  /// One to three lines; text from outside cannot steer the terminal.
  func text(style: Style = .plain) -> String {
    var first = style.red("error:") + " "
    if let place { first += HumanText.printable(place) + ": " }
    first += HumanText.printable(what)
    if let cause, !cause.isEmpty { first += ": " + HumanText.printable(cause) }
    first = (details.map { HumanText.printable($0) } + [first]).joined(separator: "\n")
    guard let hint else { return first }
    return first + "\n" + style.bold("hint:") + " " + HumanText.printable(hint)
  }

  /// The machine form, one object.
  var json: JSONValue {
    var object: JSONObject = ["type": "error", "version": 1, "what": .string(what)]
    object["where"] = place.map(JSONValue.string)
    object["why"] = cause.map(JSONValue.string)
    object["hint"] = hint.map(JSONValue.string)
    if !details.isEmpty { object["details"] = .array(details.map(JSONValue.string)) }
    object["exitStatus"] = JSONValue(Int(status.rawValue))
    return .object(object)
  }
}

extension Diagnostic {
  init(_ problem: UsageProblem) {
    self.init(problem.what, at: problem.place, hint: problem.hint, status: .usage)
  }

  /// A call that failed outside of any target: identity, credentials.
  init(
    _ failure: ServiceFailure, doing what: String, at place: String?, profile: String? = nil
  ) {
    let status: ExitStatus =
      switch failure.kind {
      case .credentials, .tls: .preflight
      case .connect, .lost, .malformed: .transient
      case .abandoned: .interrupted
      case .service: RetryPolicy.verdict(on: failure) == .final ? .preflight : .transient
      }
    self.init(
      what, at: place, because: "\(failure.code): \(failure.message)",
      hint: FailureHint.text(for: failure, profile: profile), status: status)
  }

  /// Anything that no other diagnostic foresees; a bug of ours.
  static func unforeseen(_ error: any Error) -> Diagnostic {
    Diagnostic(
      "something unforeseen happened", because: String(describing: error),
      hint: "please report this together with the command", status: .internalError)
  }
}
