import OutputFormats
import RotationCore
import Testing

@Suite struct ErrorTextTests {
  static let style = OutputStyle(format: .json, operationName: "CancelRotateSecret")
  static let sentence =
    "An error occurred (ResourceNotFoundException) when calling the CancelRotateSecret operation: "
    + "gone é"

  private func shown(_ error: ErrorText, _ format: ErrorFormat) -> String {
    String(decoding: error.render(format, ErrorTextTests.style), as: UTF8.self)
  }

  @Test func `a refusal is shown in every form`() {
    let error = ErrorText(
      serviceCode: "ResourceNotFoundException", message: "gone é", sentence: ErrorTextTests.sentence
    )
    let line = "\naws: [ERROR]: \(ErrorTextTests.sentence)\n"
    #expect(shown(error, .enhanced) == line)
    #expect(shown(error, .legacy) == line)
    #expect(
      shown(error, .json) == """
        {
            "Message": "gone é",
            "Code": "ResourceNotFoundException"
        }

        """)
    #expect(shown(error, .yaml) == "Code: ResourceNotFoundException\nMessage: gone é\n")
    #expect(shown(error, .text) == "ResourceNotFoundException\tgone é\n")
    #expect(
      shown(error, .table) == """
        ------------------------------------------
        |                  error                 |
        +----------------------------+-----------+
        |            Code            |  Message  |
        +----------------------------+-----------+
        |  ResourceNotFoundException |  gone é  |
        +----------------------------+-----------+

        """)
  }

  @Test func `an error of this side has a sentence only when enhanced`() {
    let error = ErrorText(localCode: "NoRegion", message: "You must specify a region.")
    #expect(
      shown(error, .enhanced)
        == "\naws: [ERROR]: An error occurred (NoRegion): You must specify a region.\n")
    #expect(shown(error, .legacy) == "\naws: [ERROR]: You must specify a region.\n")
    #expect(
      shown(error, .json)
        == "{\n    \"Code\": \"NoRegion\",\n    \"Message\": \"You must specify a region.\"\n}\n")
  }

  @Test func `standard output gets a reset after every piece`() {
    let style = OutputStyle(
      format: .table, operationName: "T", color: .cellsAndResets, isTerminal: true)
    let off = "\u{1B}[0m"
    #expect(render([], style).text == off)
    #expect(render([1], style).text.hasPrefix("-------\n\(off)"))
  }

  @Test func `a moment is shown with its zone`() {
    #expect(
      TimestampText.iso8601(epochSeconds: 1_700_000_000.123, utcOffset: 3600)
        == "2023-11-14T23:13:20.123000+01:00")
    #expect(
      TimestampText.iso8601(epochSeconds: 0, utcOffset: -12_600) == "1969-12-31T20:30:00-03:30")
    #expect(
      TimestampText.iso8601(epochSeconds: -0.25, utcOffset: 0)
        == "1969-12-31T23:59:59.750000+00:00")
  }
}
