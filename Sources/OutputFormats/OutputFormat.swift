/// The forms in which a result can be printed, named as `--output` names them.
package enum OutputFormat: String, Sendable, Hashable, CaseIterable {
  case json
  case text
  case table
  case yaml
  case yamlStream = "yaml-stream"
  case off
}
