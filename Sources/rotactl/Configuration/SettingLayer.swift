internal import Locking
internal import RotationCore

/// Options set by something below the command line and the environment: a plan, a run's record, a
/// configuration file.
struct SettingLayer: Sendable, Hashable {
  struct Entry: Sendable, Hashable {
    /// One text, or several of an option that can be repeated.
    let values: [String]
    /// `rotactl.json:3:14`, or the plan's path.
    let origin: String
    /// Whether a configuration file says it, for all commands alike.
    var isGeneral = false
  }

  private(set) var entries: [String: Entry] = [:]

  init() {}

  /// What an earlier command was told, without what was its default.
  init(_ settings: [SavedPlan.Setting], of place: String, except excluded: Set<String> = []) {
    for setting in settings
    where setting.origin != SavedPlan.Setting.byDefault && !excluded.contains(setting.name) {
      set(setting.name, Entry(values: setting.values, origin: "\(place) (\(setting.origin))"))
    }
  }

  mutating func set(_ name: String, _ entry: Entry) { entries[name] = entry }
}

/// Remembers which options were read and what they came to, for records and for `config show`.
final class SettingLog: Sendable {
  private let seen: Locked<[String: SettingLayer.Entry]> = Locked([:])

  func note(_ name: String, _ entry: SettingLayer.Entry) { seen.with { $0[name] = entry } }

  subscript(name: String) -> SettingLayer.Entry? { seen.with { $0[name] } }
}
