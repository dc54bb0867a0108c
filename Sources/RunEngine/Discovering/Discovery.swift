internal import DurableFiles
package import RotationCore

/// Looks at many accounts and regions and hands over what is wanted, in a fixed order.
///
/// Memory does not grow with the number of secrets: what is selected is sorted on the disk.
package struct Discovery<Reader: SecretsManagerReader>: Sendable {
  private let reader: Reader
  private let loop: AttemptLoop
  private let pacers: PacerRegistry
  private let prefix: String
  private let width: Int

  /// - Parameters:
  ///   - reader: the service.
  ///   - loop: how calls are paced and repeated.
  ///   - pacers: shared with the run that may follow.
  ///   - prefix: a path in a folder that exists, for files that are gone in the end.
  ///   - width: how many lanes are listed together.
  package init(
    reader: Reader, loop: AttemptLoop, pacers: PacerRegistry, prefix: String, width: Int
  ) {
    self.reader = reader
    self.loop = loop
    self.pacers = pacers
    self.prefix = prefix
    self.width = max(1, width)
  }

  /// Lists all lanes, then hands over each selected secret once, by account, region, name.
  ///
  /// A replica is handed over as its primary, and only where the primary's region was not listed.
  ///
  /// - `confirms`: asks DescribeSecret about every secret that could be wanted, since a listing
  ///   may be five minutes old; what it says then counts.
  /// - Returns: what became of each lane, in the order of account, region.
  package func find(
    _ selection: SecretSelection, in lanes: [DiscoveryLane], confirms: Bool = false,
    emit: (DiscoveredSecret) throws -> Void
  ) async throws -> [LanePopulation] {
    let gathered = GatheredRecords(prefix: prefix)
    let cursor = Cursor(count: lanes.count)
    let survey = LaneSurvey(
      reader: reader, loop: loop, pacers: pacers, selection: selection, confirms: confirms,
      gathered: gathered)
    var results = try await withThrowingTaskGroup(of: [(Int, LaneSurvey<Reader>.Result)].self) {
      group in
      for _ in 0..<min(width, lanes.count) {
        group.addTask {
          var found: [(Int, LaneSurvey<Reader>.Result)] = []
          while let index = cursor.next() {
            found.append((index, try await survey.look(at: lanes[index], number: index)))
            loop.board.advance()
          }
          return found
        }
      }
      var all: [(Int, LaneSurvey<Reader>.Result)] = []
      for try await part in group { all += part }
      return all.sorted { $0.0 < $1.0 }.map(\.1)
    }
    Discovery.judge(&results, lanes)
    try Discovery.settle(&results, files: try await gathered.finish(), emit: emit)
    return results.map(\.population).sorted {
      ($0.account ?? "~", $0.region, $0.profile ?? "")
        < ($1.account ?? "~", $1.region, $1.profile ?? "")
    }
  }

  /// Tells regions that are not enabled from credentials that are not known anywhere.
  private static func judge(
    _ results: inout [LaneSurvey<Reader>.Result], _ lanes: [DiscoveryLane]
  ) {
    var good: Set<String?> = []
    for (result, lane) in zip(results, lanes)
    where lane.account != nil || result.population.status == .listed {
      good.insert(lane.site.profile)
    }
    for index in results.indices {
      guard lanes[index].isOneOfAll, good.contains(lanes[index].site.profile),
        results[index].population.status == .unknown,
        results[index].population.failure?.isStranger == true
      else { continue }
      results[index].population.status = .notEnabled
    }
  }

  /// Hands over each secret once and completes the counts of the lanes.
  private static func settle(
    _ results: inout [LaneSurvey<Reader>.Result], files: [String],
    emit: (DiscoveredSecret) throws -> Void
  ) throws {
    let listed = Set(
      results.map(\.population).filter { $0.status == .listed }
        .compactMap { lane in lane.account.map { LaneID(account: $0, region: lane.region) } })
    var last: SecretARN?
    try RecordSorter.merge(files) { record in
      guard let find = GatheredRecords.find(record),
        find.generation == results[find.lane].generation
      else { return }
      let secret = find.secret
      let isReplica = secret.seenIn != nil
      let home = LaneID(account: secret.arn.accountID, region: secret.arn.region)
      func exclude(_ reason: Exclusion) {
        results[find.lane].population.excluded[reason, default: 0] += 1
      }
      if isReplica, listed.contains(home) || secret.arn == last { return exclude(.replica) }
      if secret.arn == last { return exclude(.repeated) }
      last = secret.arn
      results[find.lane].population.selected += 1
      if isReplica { results[find.lane].population.replicasForPrimary += 1 }
      if secret.isConfirmed == false { results[find.lane].population.unconfirmed += 1 }
      try emit(secret)
    }
  }
}

/// The secrets that lanes have selected, until all lanes are done.
actor GatheredRecords {
  private let sorter: RecordSorter

  init(prefix: String) { sorter = RecordSorter(prefix: prefix) }

  /// A selected secret and where it was seen.
  struct Find: Sendable {
    let secret: DiscoveredSecret
    let lane: Int
    /// Which try at the lane; only the last one counts.
    let generation: Int
  }

  func add(_ finds: [Find]) throws(FileError) {
    for find in finds { try sorter.add(GatheredRecords.record(find)) }
  }

  /// Ends the gathering.
  ///
  /// - Returns: the sorted files.
  func finish() throws(FileError) -> [String] { try sorter.finish() }

  /// By account, region, name; the primary before its replicas.
  private static func record(_ find: Find) -> RecordSorter.Record {
    let secret = find.secret
    var key: [UInt8] = []
    for part in [
      secret.arn.accountID, secret.arn.region, secret.name, secret.arn.resource,
      secret.seenIn ?? "",
    ] {
      key.append(contentsOf: part.utf8)
      key.append(0)
    }
    let payload: JSONValue = [
      "lane": JSONValue(find.lane), "generation": JSONValue(find.generation),
      "secret": secret.record,
    ]
    return RecordSorter.Record(key: key, payload: payload.compactBytes)
  }

  static func find(_ record: RecordSorter.Record) -> Find? {
    guard let value = try? JSONValue(parsing: record.payload), let lane = value["lane"]?.int,
      let generation = value["generation"]?.int,
      let secret = value["secret"].flatMap(DiscoveredSecret.init(record:))
    else { return nil }
    return Find(secret: secret, lane: lane, generation: generation)
  }
}
