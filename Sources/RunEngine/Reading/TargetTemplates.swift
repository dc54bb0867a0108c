internal import RotationCore

/// What rows of each shape come to, worked out once for all of them.
struct TargetTemplates {
  private struct Template {
    /// Without id, ordinal, sources and labels.
    let target: Target
    let place: TargetSet.Place
    var count = 0
  }

  /// Of the shapes; see `PlainRow`.
  let generation: Int
  /// By shape; nil for one that was not met yet.
  private var shapes: [Range<Int>?] = []
  private var templates: [Template] = []

  init(generation: Int = 0) { self.generation = generation }

  /// The numbers of a row's targets; nil for an unknown shape.
  func tags(of row: PlainRow) -> Range<Int>? {
    row.shape < shapes.count ? shapes[row.shape] : nil
  }

  /// - Returns: the numbers of the targets.
  mutating func add(_ targets: [(Target, TargetSet.Place)], for row: PlainRow) -> Range<Int> {
    let tags = templates.count..<templates.count + targets.count
    for (target, place) in targets {
      var target = target
      target.secretID = ""
      target.sources = []
      target.labels = []
      templates.append(Template(target: target, place: place))
    }
    while shapes.count <= row.shape { shapes.append(nil) }
    shapes[row.shape] = tags
    return tags
  }

  func place(_ tag: Int) -> TargetSet.Place { templates[tag].place }
  func target(_ tag: Int) -> Target { templates[tag].target }
  mutating func count(_ tag: Int) { templates[tag].count += 1 }

  /// Hands over the targets that were counted.
  func forEachCounted(_ body: (Target, Int) -> Void) {
    for template in templates where template.count > 0 { body(template.target, template.count) }
  }
}
