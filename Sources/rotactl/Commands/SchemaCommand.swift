internal import ArgumentParser
internal import EvidenceBundle
internal import RotationCore

/// Prints the JSON Schema of a format.
struct SchemaCommand: RotactlCommand {
  static let configuration = CommandConfiguration(
    commandName: "schema",
    abstract: "Print the JSON Schema (2020-12) of a format that a run writes.",
    discussion: """
      Without a name the names are listed. Every bundle holds them too, in `schemas/`.

      EXAMPLES
        rotactl schema
        rotactl schema report
        rotactl schema rotactl.journal/1

      \(ExitStatus.helpSection)
      """)

  @Argument(help: "A format, such as report, report-1 or rotactl.report/1.")
  var name: String?
  @OptionGroup(title: "Output") var output: OutputOptions

  func execute(_ process: ProcessContext) async throws -> ExitStatus {
    let output = try self.output.resolved(process.settings)
    let console = output.console(process.surroundings)
    guard let name else {
      for schema in SchemaLibrary.all {
        if output.isJSON {
          console.result(["type": "schema", "version": 1, "name": .string(schema.name)])
        } else {
          console.result(schema.name)
        }
      }
      return .success
    }
    guard let schema = SchemaLibrary.schema(name) else {
      throw Diagnostic(
        "no format of this name", at: name,
        hint: "one of " + SchemaLibrary.all.map(\.name).joined(separator: ", "), status: .usage)
    }
    var text = String(decoding: schema.bytes, as: UTF8.self)
    while text.hasSuffix("\n") { text.removeLast() }
    console.result(text)
    return .success
  }
}
