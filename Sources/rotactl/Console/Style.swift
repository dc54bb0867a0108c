/// Colours of one stream; without them every method gives its text back.
struct Style: Sendable, Hashable {
  let isColored: Bool

  static let plain = Style(isColored: false)

  func bold(_ text: String) -> String { paint(text, "1") }
  func dim(_ text: String) -> String { paint(text, "2") }
  func red(_ text: String) -> String { paint(text, "1;31") }
  func green(_ text: String) -> String { paint(text, "1;32") }
  func yellow(_ text: String) -> String { paint(text, "1;33") }

  private func paint(_ text: String, _ code: String) -> String {
    isColored ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
  }

  /// The style of a stream.
  ///
  /// What the operator asked for by `on` or `off` beats everything else. With `auto`, colour needs
  /// a terminal, and `NO_COLOR` that is not empty and `TERM=dumb` switch it off (no-color.org).
  static func decide(
    _ mode: ColorMode, isTerminal: Bool, environment: [String: String]
  ) -> Style {
    switch mode {
    case .on: Style(isColored: true)
    case .off: .plain
    case .auto:
      Style(
        isColored: isTerminal && (environment["NO_COLOR"] ?? "").isEmpty
          && environment["TERM"] != "dumb")
    }
  }
}

/// When colour is used.
enum ColorMode: String, Sendable, Hashable, CaseIterable {
  case on, off, auto
}
