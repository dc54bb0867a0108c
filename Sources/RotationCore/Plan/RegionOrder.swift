/// The order in which the lanes of regions begin.
package struct RegionOrder: Sendable, Hashable {
  /// Regions not named here come last, all together.
  package let regions: [String]

  package init(_ regions: [String] = []) { self.regions = regions }

  /// The lanes in stages: each begins when the one before is done.
  package func stages(of lanes: some Sequence<LaneID>) -> [[LaneID]] {
    var stages = Array(repeating: [LaneID](), count: regions.count + 1)
    for lane in lanes.sorted() {
      stages[regions.firstIndex(of: lane.region) ?? regions.count].append(lane)
    }
    return stages.filter { !$0.isEmpty }
  }
}
