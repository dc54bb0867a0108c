internal import RotationCore
internal import Yams

/// Reads the text of `--cli-input-yaml` by the rules of YAML 1.2, as the AWS CLI does.
enum YAMLInput {
  private struct Invalid: Error {}
  private static let plain = Tag.Name(rawValue: "rotactl:plain")

  /// - Returns: nil for a text that is not one valid document.
  static func parse(_ text: String) -> LooseValue? {
    do {
      // Untagged plain scalars get a tag of our own, and their type is found here: the library's
      // rules are those of YAML 1.1.
      let resolver = try Resolver.basic.appending(Resolver.Rule(plain, "[\\s\\S]*"))
      let parser = try Parser(yaml: text, resolver: resolver)
      guard let root = try parser.singleRoot() else { return .json(.null) }
      return try value(of: root)
    } catch {
      return nil
    }
  }

  private static func value(of node: Node) throws -> LooseValue {
    switch node {
    case .scalar(let scalar): return try value(of: scalar, tag: node.tag.description)
    case .sequence(let nodes):
      guard node.tag.description == Tag.Name.seq.rawValue else { throw Invalid() }
      return .list(try nodes.map { try value(of: $0) })
    case .mapping(let mapping):
      guard node.tag.description == Tag.Name.map.rawValue else { throw Invalid() }
      return .map(try members(of: mapping))
    default: throw Invalid()
    }
  }

  /// Own members first to win; `<<` adds those of other maps that are not there.
  private static func members(of mapping: Node.Mapping) throws -> [LooseValue.Member] {
    var merged: [LooseValue.Member] = []
    var own: [LooseValue.Member] = []
    for (key, node) in mapping {
      if case .scalar(let scalar) = key, scalar.style == .plain, scalar.string == "<<" {
        switch try value(of: node) {
        case .map(let members): merged += members
        case .list(let maps):
          for case .map(let members) in maps { merged += members }
        default: throw Invalid()
        }
        continue
      }
      let name = try value(of: key)
      guard !own.contains(where: { $0.key == name }) else { throw Invalid() }
      own.append(LooseValue.Member(key: name, value: try value(of: node)))
    }
    for member in merged where !own.contains(where: { $0.key == member.key }) {
      own.append(member)
    }
    return own
  }

  private static func value(of scalar: Node.Scalar, tag: String) throws -> LooseValue {
    let text = scalar.string
    switch tag {
    case plain.rawValue:
      guard text != "=" else { throw Invalid() }
      return resolve(text)
    case Tag.Name.str.rawValue: return .json(.string(text))
    case Tag.Name.binary.rawValue:
      guard let bytes = Base64.decode(text) else { throw Invalid() }
      return .bytes(bytes)
    case Tag.Name.float.rawValue:
      guard case .json(.number(let number)) = resolve(text), number.isIntegerLiteral else {
        return try typed(text)
      }
      return .json(.number(JSONNumber(literal: number.literal + ".0")))
    case Tag.Name.int.rawValue, Tag.Name.bool.rawValue,
      Tag.Name.null.rawValue, Tag.Name.timestamp.rawValue:
      return try typed(text)
    default: throw Invalid()
    }
  }

  /// A text that must be something else than a text.
  private static func typed(_ text: String) throws -> LooseValue {
    let value = resolve(text)
    if case .json(.string) = value { throw Invalid() }
    return value
  }

  private static func resolve(_ text: String) -> LooseValue {
    switch text {
    case "", "~", "null", "Null", "NULL": return .json(.null)
    case "true", "True", "TRUE": return .json(.bool(true))
    case "false", "False", "FALSE": return .json(.bool(false))
    case ".nan", ".NaN", ".NAN": return .notANumber
    case ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF": return .infinity(negative: false)
    case "-.inf", "-.Inf", "-.INF": return .infinity(negative: true)
    default: return integer(text) ?? float(text) ?? moment(text) ?? .json(.string(text))
    }
  }

  private static func integer(_ text: String) -> LooseValue? {
    let isNegative = text.hasPrefix("-")
    let body = isNegative || text.hasPrefix("+") ? text.dropFirst() : text[...]
    let digits = body.filter { $0 != "_" }
    for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] where digits.hasPrefix(prefix) {
      guard let value = UInt64(digits.dropFirst(2), radix: radix) else { return nil }
      return .json(.number(JSONNumber(literal: (isNegative ? "-" : "") + String(value))))
    }
    guard !digits.isEmpty, digits.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
    let trimmed = digits.drop { $0 == "0" }
    guard !trimmed.isEmpty else { return .json(0) }
    return .json(.number(JSONNumber(literal: (isNegative ? "-" : "") + trimmed)))
  }

  private static func float(_ text: String) -> LooseValue? {
    let allowed = "0123456789+-.eE_".utf8
    guard let first = text.utf8.first, first != UInt8(ascii: "_"),
      text.utf8.allSatisfy(allowed.contains), text.utf8.contains(where: { (48...57).contains($0) }),
      let value = Double(text.filter { $0 != "_" })
    else { return nil }
    guard value.isFinite else { return .infinity(negative: value < 0) }
    return .json(.number(JSONNumber(literal: value.description)))
  }

  /// `2020-01-02`, and that with a time, as Python prints it.
  private static func moment(_ text: String) -> LooseValue? {
    let shape = String(text.map { $0.isASCII && $0.isNumber ? "9" : $0 })
    if shape == "9999-99-99" { return .moment(text, type: "datetime.date") }
    guard shape.hasPrefix("9999-99-99") else { return nil }
    let separator = shape.dropFirst(10).prefix { "Tt \t".contains($0) }
    let isLetter = separator == "T" || separator == "t"
    guard !separator.isEmpty, isLetter || !separator.contains(where: { "Tt".contains($0) }) else {
      return nil
    }
    let start = text.dropFirst(10 + separator.count)
    let hours = shape.dropFirst(10 + separator.count).prefix { $0 != ":" }
    guard hours == "99" || hours == "9",
      shape.dropFirst(10 + separator.count + hours.count).hasPrefix(":99:99")
    else { return nil }
    let clock = (hours.count == 1 ? "0" : "") + start.prefix(hours.count + 6)
    var rest = start.dropFirst(hours.count + 6)
    var fraction = ""
    if rest.first == "." {
      let digits = rest.dropFirst().prefix { $0.isASCII && $0.isNumber }
      rest = rest.dropFirst(1 + digits.count)
      let micros = digits.prefix(6) + String(repeating: "0", count: max(0, 6 - digits.count))
      if micros.contains(where: { $0 != "0" }) { fraction = "." + micros }
    }
    guard let zone = zone(rest) else { return nil }
    return .moment("\(text.prefix(10)) \(clock)\(fraction)\(zone)", type: "datetime.datetime")
  }

  /// `Z`, `+2`, `-05:00`, blanks before them, or nothing; nil for anything else.
  private static func zone(_ text: Substring) -> String? {
    let mark = text.drop { $0 == " " || $0 == "\t" }
    if mark.isEmpty { return text.isEmpty ? "" : nil }
    if mark == "Z" { return "+00:00" }
    guard let sign = mark.first, sign == "+" || sign == "-" else { return nil }
    let parts = mark.dropFirst().split(separator: ":", omittingEmptySubsequences: false)
    guard let hours = parts.first, parts.count <= 2, (1...2).contains(hours.count),
      parts.allSatisfy({ $0.allSatisfy { $0.isASCII && $0.isNumber } }),
      parts.count == 1 || parts[1].count == 2
    else { return nil }
    let full = (hours.count == 1 ? "0" : "") + hours
    let minutes = parts.count == 2 ? String(parts[1]) : "00"
    return full == "00" && minutes == "00" ? "+00:00" : "\(sign)\(full):\(minutes)"
  }
}

/// Decodes the bytes of YAML's `!!binary`.
private enum Base64 {
  private static let letters = Array(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  static func decode(_ text: String) -> [UInt8]? {
    var bits: UInt32 = 0
    var count = 0
    var bytes: [UInt8] = []
    for byte in text.utf8 where byte > 0x20 && byte != UInt8(ascii: "=") {
      guard let digit = letters.firstIndex(of: byte) else { return nil }
      bits = bits << 6 | UInt32(digit)
      count += 6
      if count >= 8 {
        count -= 8
        bytes.append(UInt8(truncatingIfNeeded: bits >> count))
      }
    }
    return bytes
  }
}
