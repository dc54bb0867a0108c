/// What stands in a JSON manifest in place of ids: which secrets are meant, and where.
package struct ManifestSelector: Sendable, Hashable {
  package var location: SourceLocation
  package var selection: SecretSelection
  /// Empty when the selector does not say; ``allRegions`` for every region that is enabled.
  package var regions: [String]
  /// Empty when the selector does not say.
  package var profiles: [String]
  /// DescribeSecret is to be asked about each secret that could be wanted.
  package var confirms: Bool
  /// Given to every target that comes of it.
  package var labels: [Label]

  package static let allRegions = "all"
  /// The most selectors of one run.
  package static let maximumCount = 100

  package init(
    location: SourceLocation, selection: SecretSelection, regions: [String] = [],
    profiles: [String] = [], confirms: Bool = false, labels: [Label] = []
  ) {
    self.location = location
    self.selection = selection
    self.regions = regions
    self.profiles = profiles
    self.confirms = confirms
    self.labels = labels
  }
}

/// A selector with the profiles and regions that hold for it.
package struct ScopedSelector: Sendable, Hashable {
  package var selector: ManifestSelector
  /// Never empty; nil stands for the default credentials.
  package var profiles: [String?]
  /// Empty where each profile's own region holds; see ``ManifestSelector/allRegions``.
  package var regions: [String]

  package init(selector: ManifestSelector, profiles: [String?], regions: [String]) {
    self.selector = selector
    self.profiles = profiles
    self.regions = regions
  }
}

extension Expansion {
  /// A selector's own word goes before the manifest's defaults, those before the options.
  package func scope(of selector: ManifestSelector) -> ScopedSelector {
    ScopedSelector(
      selector: selector,
      profiles: selector.profiles.isEmpty ? defaultProfiles : selector.profiles,
      regions: selector.regions.isEmpty ? defaultRegions : selector.regions)
  }
}
