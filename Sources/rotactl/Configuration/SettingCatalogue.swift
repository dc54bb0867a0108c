internal import ArgumentParser
internal import RotationCore

/// The options that a configuration file may set, with their defaults.
///
/// What concerns a single run (`--yes`, `--dry-run`, `--run-id`, `--incident`, `--reason`), how
/// the process talks to its caller (`--json`, `--quiet`, `--debug`) and `--no-sign-request` is
/// typed, or comes from the environment.
struct SettingCatalogue {
  struct Item: Sendable, Hashable {
    /// The option's name without dashes at its front.
    let name: String
    let kind: ConfigDocument.KnownOption.Kind
    /// As it would be typed; nil where nothing is the default.
    let standard: String?
    /// Whether it decides where calls go or what is trusted there.
    var leadsElsewhere = false

    /// `inFlight`, as files write it.
    var member: String {
      let parts = name.split(separator: "-")
      return parts.dropFirst().reduce(String(parts.first ?? "")) { text, part in
        text + part.prefix(1).uppercased() + part.dropFirst()
      }
    }
  }

  static let items: [Item] = [
    Item(name: "profile", kind: .list, standard: nil),
    Item(name: "region", kind: .list, standard: nil),
    Item(name: "endpoint-url", kind: .value, standard: nil, leadsElsewhere: true),
    Item(name: "ca-bundle", kind: .value, standard: nil, leadsElsewhere: true),
    Item(name: "no-verify-ssl", kind: .flag, standard: "0", leadsElsewhere: true),
    Item(name: "connect-timeout", kind: .value, standard: "60s"),
    Item(name: "read-timeout", kind: .value, standard: "60s"),
    Item(name: "rate", kind: .value, standard: "40"),
    Item(name: "lane-rate", kind: .table, standard: nil),
    Item(name: "burst", kind: .value, standard: "2"),
    Item(name: "concurrency", kind: .value, standard: "64"),
    Item(name: "ramp-up", kind: .value, standard: nil),
    Item(name: "max-attempts", kind: .value, standard: nil),
    Item(name: "retry-mode", kind: .value, standard: nil),
    Item(name: "in-flight", kind: .value, standard: "wait"),
    Item(name: "in-flight-timeout", kind: .value, standard: "10m"),
    Item(name: "max-failures", kind: .value, standard: nil),
    Item(name: "max-lane-failures", kind: .value, standard: nil),
    Item(name: "canary", kind: .value, standard: "0"),
    Item(name: "region-order", kind: .list, standard: nil),
    Item(name: "deadline", kind: .value, standard: nil),
    Item(name: "plan-max-age", kind: .value, standard: "24h"),
    Item(name: "reports", kind: .value, standard: "reports"),
    Item(name: "bundle-format", kind: .value, standard: "tar.gz"),
    Item(name: "report-files", kind: .flag, standard: "0"),
    Item(name: "signing-key", kind: .value, standard: nil, leadsElsewhere: true),
    Item(name: "lock-folder", kind: .value, standard: nil),
    Item(name: "color", kind: .value, standard: "auto"),
    Item(name: "progress", kind: .value, standard: "auto"),
  ]

  static var known: [ConfigDocument.KnownOption] {
    items.map { .init(member: $0.member, kind: $0.kind) }
  }

  /// Reads every option from the settings, with nothing typed.
  ///
  /// - Throws: the first value that cannot be used.
  static func resolveAll(_ settings: Settings) throws {
    _ = try ConnectionOptions.parse([]).resolved(settings)
    _ = try PacingOptions.parse([]).resolved(settings)
    _ = try InFlightOptions.parse([]).resolved(settings)
    _ = try StopOptions.parse([]).resolved(settings)
    _ = try RunOptions.parse([]).resolved(settings)
    _ = try SavedPlanOptions.parse([]).resolved(settings)
    _ = try OutputOptions.parse([]).resolved(settings)
  }

  /// Options that are kept with a plan or a run like those above; in files they are guards.
  private static let guardOptions = ["expect-account", "max-targets", "max-accounts"]

  /// What each option came to, defaults included, once they were read.
  static func effective(_ settings: Settings) -> [SavedPlan.Setting] {
    let typed = guardOptions.compactMap { name in
      settings.effective(name).map {
        SavedPlan.Setting(name: name, values: $0.values, origin: $0.origin)
      }
    }
    return fromItems(settings) + typed
  }

  private static func fromItems(_ settings: Settings) -> [SavedPlan.Setting] {
    items.compactMap { item in
      if let entry = settings.effective(item.name) {
        return SavedPlan.Setting(name: item.name, values: entry.values, origin: entry.origin)
      }
      return item.standard.map {
        SavedPlan.Setting(name: item.name, values: [$0], origin: SavedPlan.Setting.byDefault)
      }
    }
  }
}
