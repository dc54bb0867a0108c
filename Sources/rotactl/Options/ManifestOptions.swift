internal import ArgumentParser
internal import RotationCore

/// The manifests and how they are read.
struct ManifestOptions: ParsableArguments {
  @Argument(
    help: ArgumentHelp(
      "Manifests: CSV, JSON, JSON Lines or plain text; - is standard input.",
      valueName: "manifest"),
    completion: .file())
  var manifests: [String] = []

  @Option(
    help: ArgumentHelp(
      "The manifests' form: csv, json, jsonl or text (default: by extension).",
      valueName: "format"),
    completion: .list(ManifestFormat.allCases.map(\.rawValue)))
  var manifestFormat: String?

  @Option(
    help: ArgumentHelp(
      "The character between CSV fields (default: a comma).", valueName: "character"))
  var delimiter: String?

  /// The values; a command line without a manifest is refused when `needsOne` is true.
  func resolved(
    _ settings: Settings, needsOne: Bool = true
  ) throws(UsageProblem) -> ResolvedManifests {
    guard !needsOne || !manifests.isEmpty else {
      throw UsageProblem(
        place: "MANIFEST", what: "no manifest is named",
        hint: "name a file, or - for standard input")
    }
    guard manifests.count(where: { $0 == "-" }) <= 1 else {
      throw UsageProblem(
        place: "MANIFEST", what: "standard input is named twice", hint: "name - once")
    }
    guard !manifests.contains("") else {
      throw UsageProblem(place: "MANIFEST", what: "a manifest's name is empty")
    }
    return ResolvedManifests(
      paths: manifests,
      format: try settings.value(
        manifestFormat, "manifest-format", SettingReader.word(ManifestFormat.self)),
      delimiter: try settings.value(delimiter, "delimiter", SettingReader.delimiter)
        ?? UInt8(ascii: ","))
  }
}
