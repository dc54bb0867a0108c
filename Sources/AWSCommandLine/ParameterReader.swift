internal import RotationCore

/// Gathers the request's parameters from the options that carry them.
struct ParameterReader {
  let environment: CommandEnvironment

  /// An explicit option beats the same member of the input document.
  func parameters(_ parsed: ParsedArguments) throws(CommandFailure) -> [LooseValue.Member] {
    let files = ParameterFile(environment: environment)
    var members: [LooseValue.Member] = []
    if let secretID = parsed.values["--secret-id"] {
      let content = try files.content(of: secretID, parameter: "--secret-id")
      members = [
        LooseValue.Member(
          key: .json("SecretId"), value: content ?? .json(.string(secretID)))
      ]
    }
    let given = ["--cli-input-json", "--cli-input-yaml"].filter { parsed.values[$0] != nil }
    guard given.count < 2 else {
      throw CommandFailure(parameter: "Only one --cli-input- parameter may be specified.")
    }
    guard let option = given.first, let text = parsed.values[option] else { return members }
    let content = try files.content(of: text, parameter: option) ?? .json(.string(text))
    for member in try document(content, option: option)
    where !members.contains(where: { $0.key == member.key }) {
      members.append(member)
    }
    return members
  }

  private func document(
    _ content: LooseValue, option: String
  ) throws(CommandFailure) -> [LooseValue.Member] {
    let isJSON = option == "--cli-input-json"
    guard let value = isJSON ? json(content) : yaml(content) else {
      throw CommandFailure(
        parameter: "Error parsing parameter '\(option.dropFirst(2))': "
          + "Invalid \(isJSON ? "JSON" : "YAML") received.")
    }
    guard case .map(let members) = value else {
      throw CommandFailure(
        parameter: "Error parsing parameter '\(option)': Invalid type: expecting map, "
          + "received \(value.typeName)")
    }
    return members
  }

  private func json(_ content: LooseValue) -> LooseValue? {
    switch content {
    case .json(.string(let text)):
      // A byte order mark may lead bytes, never text.
      guard text.unicodeScalars.first != "\u{FEFF}" else { return nil }
      return parsed(Array(text.utf8))
    case .bytes(let bytes): return parsed(bytes)
    default: return nil
    }
  }

  private func parsed(_ bytes: [UInt8]) -> LooseValue? {
    (try? JSONValue(parsing: bytes, acceptsNonFinite: true)).map(LooseValue.init)
  }

  private func yaml(_ content: LooseValue) -> LooseValue? {
    switch content {
    case .json(.string(let text)): YAMLInput.parse(text)
    case .bytes(let bytes): String(validating: bytes, as: UTF8.self).flatMap(YAMLInput.parse)
    default: nil
    }
  }
}

/// The samples that `--generate-cli-skeleton` prints.
enum Skeleton {
  static let input = "{\n    \"SecretId\": \"\"\n}\n"
  static let yamlInput = "SecretId: ''  # [REQUIRED] The ARN or name of the secret.\n"
  static let output = """
    {
        "ARN": "arn:aws:secretsmanager:us-east-1:123456789012:secret:Name-a1b2c3",
        "Name": "Name",
        "VersionId": "11111111-2222-3333-4444-555555555555"
    }

    """
}

/// Whole numbers as Python's `int` reads them.
package enum PythonInteger {
  package static func parse(_ text: String) -> Int? {
    var digits = text.strippedOfBlanks.unicodeScalars[...]
    let isNegative = digits.first == "-"
    if isNegative || digits.first == "+" { digits.removeFirst() }
    guard !digits.isEmpty else { return nil }
    var value = 0
    var wasDigit = false
    for scalar in digits {
      if scalar == "_", wasDigit {
        wasDigit = false
        continue
      }
      guard scalar.properties.numericType == .decimal,
        let digit = scalar.properties.numericValue
      else { return nil }
      wasDigit = true
      let (product, isTooLarge) = value.multipliedReportingOverflow(by: 10)
      value = isTooLarge || product > Int.max - 9 ? Int.max / 10 : product + Int(digit)
    }
    return wasDigit ? (isNegative ? -value : value) : nil
  }
}

/// The check of `--endpoint-url` that comes before anything else is known.
enum EndpointOption {
  static func check(_ url: String) throws(CommandFailure) {
    let scalars = url.unicodeScalars.drop { $0.value <= 0x20 }
      .filter { $0 != "\t" && $0 != "\n" && $0 != "\r" }
    guard let colon = scalars.firstIndex(of: ":"), let first = scalars.first,
      first.isASCII, first.properties.isAlphabetic,
      scalars[..<colon].allSatisfy({ isOfScheme($0) })
    else {
      throw CommandFailure(
        parameter: "Bad value for --endpoint-url \"\(url)\": scheme is missing.  Must be of the "
          + "form http://<hostname>/ or https://<hostname>/")
    }
    let rest = scalars[scalars.index(after: colon)...]
    guard rest.starts(with: "//".unicodeScalars) else { return }
    let host = rest.dropFirst(2).prefix { $0 != "/" && $0 != "?" && $0 != "#" }
    guard host.contains("[") == host.contains("]") else {
      throw CommandFailure(general: "Invalid IPv6 URL")
    }
  }

  private static func isOfScheme(_ scalar: Unicode.Scalar) -> Bool {
    scalar.isASCII
      && (scalar.properties.isAlphabetic || scalar.properties.numericType == .decimal
        || scalar == "+" || scalar == "-" || scalar == ".")
  }
}
