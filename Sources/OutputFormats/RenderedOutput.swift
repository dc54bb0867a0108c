package import RotationCore

/// What a result looks like, and why printing it broke off.
package struct RenderedOutput: Sendable, Hashable {
  package var bytes: [UInt8]
  /// The CLI's message (exit status 255) for a document that the format cannot show; nil for all
  /// others.
  ///
  /// What was printed before the failure is in ``bytes``.
  package var failure: String?

  package var text: String { String(decoding: bytes, as: UTF8.self) }
}

/// Prints a result as AWS CLI v2 does.
///
/// `yaml-stream` shows the value as one page; call it once for every page.
package func render(_ value: JSONValue, _ style: OutputStyle) -> RenderedOutput {
  let value = value.withDistinctMembers
  switch style.format {
  case .off: return RenderedOutput(bytes: [])
  case .json: return RenderedOutput(bytes: JSONFormat.render(value))
  case .text:
    var format = TextFormat()
    let failure = format.render(value)
    return RenderedOutput(bytes: format.bytes, failure: failure?.message)
  case .table: return TableFormat.render(value, style)
  case .yaml: return YAMLFormat.render(value)
  case .yamlStream: return YAMLFormat.renderPage(value)
  }
}

/// Why a format cannot show a document, in the words of the CLI.
struct FormatFailure: Error {
  let message: String
}
