package import RotationCore

/// The forms of `--cli-error-format`.
package enum ErrorFormat: String, Sendable, Hashable, CaseIterable {
  case legacy, json, yaml, text, table, enhanced
}

/// An error as the CLI shows it on standard error.
package struct ErrorText: Sendable, Hashable {
  /// What structured formats show, in their order.
  package let members: JSONObject
  /// The sentence of `enhanced`.
  private let sentence: String
  /// The sentence of `legacy`.
  private let plain: String

  /// A refusal by the service.
  ///
  /// - `message`: a text, or what else the service sent in its place.
  /// - `sentence`: `An error occurred (Code) when calling the X operation: Message`.
  /// - `namesCodeFirst`: whether the code stands first in formats that keep an order.
  /// - `extra`: other members that the error's shape has, such as a resource's name.
  package init(
    serviceCode code: String, message: JSONValue, sentence: String, namesCodeFirst: Bool = false,
    extra: JSONObject = JSONObject()
  ) {
    let pair = [
      JSONObject.Member(key: "Message", value: message),
      JSONObject.Member(key: "Code", value: .string(code)),
    ]
    members = JSONObject((namesCodeFirst ? pair.reversed() : pair) + extra.members)
    self.sentence = sentence
    plain = sentence
  }

  /// An error found on this side, such as `NoRegion` or `ParamValidation`.
  package init(localCode code: String, message: String) {
    members = ["Code": .string(code), "Message": .string(message)]
    sentence = "An error occurred (\(code)): \(message)"
    plain = message
  }

  /// An error that has no structure; every format shows the sentence alone.
  package static func unstructured(_ message: String) -> [UInt8] { line(message) }

  /// What goes to standard error; a table takes its colour and width from the style.
  package func render(_ format: ErrorFormat, _ style: OutputStyle) -> [UInt8] {
    let output: OutputFormat
    switch format {
    case .legacy: return ErrorText.line(plain)
    case .enhanced: return ErrorText.line(sentence) + details
    case .json: output = .json
    case .yaml: output = .yaml
    case .text: output = .text
    case .table: output = .table
    }
    // The resets after every piece belong to standard output.
    let inner = OutputStyle(
      format: output, operationName: "error", color: style.color == .none ? .none : .cells,
      terminalWidth: style.terminalWidth)
    let rendered = OutputFormats.render(.object(members), inner)
    return rendered.failure == nil
      ? rendered.bytes : rendered.bytes + ErrorText.line(plain)
  }

  private static func line(_ message: String) -> [UInt8] {
    let scalars = message.unicodeScalars
    let isBlank = { (scalar: Unicode.Scalar) in
      scalar.properties.isWhitespace || (0x1C...0x1F).contains(scalar.value)
    }
    var text = scalars.drop(while: isBlank)
    while let last = text.last, isBlank(last) { text.removeLast() }
    let separator = scalars.isEmpty ? "" : " "
    return Array("\naws: [ERROR]:\(separator)\(String(text))\n".utf8)
  }

  /// What `enhanced` says of the other members.
  private var details: [UInt8] {
    let others = members.members.filter { !["code", "message"].contains($0.key.lowercased()) }
    guard !others.isEmpty else { return [] }
    var text = "\nAdditional error details:\n"
    var hasComplexValue = false
    for member in others {
      let shown = ErrorText.inline(member.value)
      if shown == nil { hasComplexValue = true }
      text += "\(member.key): \(shown ?? "<complex value>")\n"
    }
    if hasComplexValue {
      text += "Use \"--cli-error-format json\" or another error format to see the full details.\n"
    }
    return Array(text.utf8)
  }

  /// A scalar, or a container of at most four scalars; nil for anything larger.
  private static func inline(_ value: JSONValue) -> String? {
    switch value {
    case .array(let values):
      guard values.count < 5, values.allSatisfy(\.isScalar) else { return nil }
      return "[" + values.map(PythonText.of).joined(separator: ", ") + "]"
    case .object(let object):
      guard object.count < 5, object.members.allSatisfy(\.value.isScalar) else { return nil }
      let members = object.members.map { "\($0.key): \(PythonText.of($0.value))" }
      return "{" + members.joined(separator: ", ") + "}"
    default: return PythonText.of(value)
    }
  }
}
