/// The JSON Schemas (2020-12) of every JSON format, embedded from `Schemas/`.
package enum SchemaLibrary {
  /// A format and its schema.
  package struct Schema: Sendable {
    /// Such as `report-1`, the schema of `rotactl.report/1`.
    package let name: String
    package let bytes: [UInt8]
  }

  /// In the order of their names.
  package static var all: [Schema] {
    [
      Schema(name: "custody-1", bytes: PackageResources.custody_1_json),
      Schema(name: "index-1", bytes: PackageResources.index_1_json),
      Schema(name: "journal-1", bytes: PackageResources.journal_1_json),
      Schema(name: "limits-1", bytes: PackageResources.limits_1_json),
      Schema(name: "open-item-1", bytes: PackageResources.open_item_1_json),
      Schema(name: "output-1", bytes: PackageResources.output_1_json),
      Schema(name: "plan-1", bytes: PackageResources.plan_1_json),
      Schema(name: "plan-2", bytes: PackageResources.plan_2_json),
      Schema(name: "population-1", bytes: PackageResources.population_1_json),
      Schema(name: "report-1", bytes: PackageResources.report_1_json),
      Schema(name: "restore-1", bytes: PackageResources.restore_1_json),
      Schema(name: "run-1", bytes: PackageResources.run_1_json),
      Schema(name: "summary-1", bytes: PackageResources.summary_1_json),
    ]
  }

  /// By its name, by the name with `.json`, by the `schema` member such as `rotactl.report/1`, or
  /// without the version.
  package static func schema(_ text: String) -> Schema? {
    var name = text
    if name.hasPrefix("rotactl.") { name.removeFirst("rotactl.".count) }
    if name.hasSuffix(".json") { name.removeLast(".json".count) }
    name = String(name.map { $0 == "/" ? "-" : $0 })
    return all.first { $0.name == name } ?? all.last { $0.name.hasPrefix(name + "-") && name != "" }
  }
}
