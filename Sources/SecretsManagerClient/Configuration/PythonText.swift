/// Texts as Python's `str` sees them, since the CLI's results depend on it.
enum PythonText {
  /// What `str.strip` removes: Unicode's blanks and the four separators of ASCII.
  static func isBlank(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x09...0x0D, 0x1C...0x20, 0x85, 0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F,
      0x205F, 0x3000:
      true
    default: false
    }
  }

  /// Where `str.splitlines` cuts.
  static func endsLine(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x0A...0x0D, 0x1C...0x1E, 0x85, 0x2028, 0x2029: true
    default: false
    }
  }

  static func trim(_ text: some StringProtocol) -> String {
    let scalars = Substring(text).unicodeScalars
    guard let first = scalars.firstIndex(where: { !isBlank($0) }),
      let last = scalars.lastIndex(where: { !isBlank($0) })
    else { return "" }
    return String(scalars[first...last])
  }

  /// The number that `int(text)` makes: blanks, a sign and single underscores are allowed, and so
  /// are the decimal digits of all scripts.
  ///
  /// A number that does not fit is cut to the nearest that does.
  static func integer(_ text: String) -> Int? {
    var digits = Substring(trim(text)).unicodeScalars
    let isNegative = digits.first == "-"
    if isNegative || digits.first == "+" { digits.removeFirst() }
    var value = 0
    var follows = false
    for scalar in digits {
      if scalar == "_", follows {
        follows = false
        continue
      }
      guard scalar.properties.numericType == .decimal, let digit = scalar.properties.numericValue
      else { return nil }
      follows = true
      let (product, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, again) = product.addingReportingOverflow(Int(digit))
      value = overflow || again ? Int.max : sum
    }
    guard follows else { return nil }
    return isNegative ? -value : value
  }
}

/// Splitting a section's name as a POSIX shell splits words: blanks, quotes, backslashes.
package enum ShellWords {
  /// Nil for a quote that is not closed and for a backslash at the end.
  package static func split(_ text: String) -> [String]? {
    var words: [String] = []
    var word: String.UnicodeScalarView?
    var quote: Unicode.Scalar?
    var isEscaped = false
    for scalar in text.unicodeScalars {
      if isEscaped {
        // Inside of double quotes, a backslash counts only before these two.
        if quote != nil, scalar != "\"", scalar != "\\" { word?.append("\\") }
        word = (word ?? .init()) + [scalar]
        isEscaped = false
      } else if scalar == "\\", quote != "'" {
        word = word ?? .init()
        isEscaped = true
      } else if let open = quote {
        if scalar == open { quote = nil } else { word?.append(scalar) }
      } else if scalar == "\"" || scalar == "'" {
        quote = scalar
        word = word ?? .init()
      } else if scalar == " " || scalar == "\t" || scalar == "\r" || scalar == "\n" {
        if let done = word { words.append(String(done)) }
        word = nil
      } else {
        word = (word ?? .init()) + [scalar]
      }
    }
    guard quote == nil, !isEscaped else { return nil }
    if let word { words.append(String(word)) }
    return words
  }
}
