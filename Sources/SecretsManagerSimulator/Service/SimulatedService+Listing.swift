import RotationCore

extension SimulatedService {
  /// ListSecrets.
  ///
  /// There is no filter on the state of rotation, as in the real service.
  mutating func listSecrets(
    _ request: ServiceRequest, now: Timestamp
  ) throws(Refusal) -> JSONValue {
    let place = request.place
    let limit = try SimulatedService.pageSize(request)
    let filters = try SimulatedService.filters(request)
    let planned = request.input["IncludePlannedDeletion"]?.bool ?? false
    let order = try ordering(request, place: place)
    let token = try PageToken.offset(request, kind: "secrets")
    // The lowest bit tells that the empty page before this one was already served.
    let start = token / 2
    let total = stores[place]?.secrets.count ?? 0
    if scenario.emptyPages, start > 0, token.isMultiple(of: 2), start < total {
      return [
        "SecretList": [],
        "NextToken": .string(PageToken.text(offset: start * 2 + 1, kind: "secrets")),
      ]
    }
    var page: [JSONValue] = []
    var position = start
    while position < total, page.count < limit {
      let index = order?[position] ?? position
      position += 1
      guard let present = current(SecretKey(place: place, index: index), now: now),
        let secret = listed(present, now: now),
        planned || secret.deleted == nil, filters.allSatisfy({ $0.matches(secret) })
      else { continue }
      page.append(
        .object(SimulatedService.summary(of: secret, stagesKey: "SecretVersionsToStages")))
    }
    var answer: JSONObject = ["SecretList": .array(page)]
    if position < total {
      answer["NextToken"] = .string(PageToken.text(offset: position * 2, kind: "secrets"))
    }
    return .object(answer)
  }

  /// Indices in the order asked for; nil for the order of creation.
  private func ordering(_ request: ServiceRequest, place: Place) throws(Refusal) -> [Int]? {
    let descending: Bool
    switch request.input["SortOrder"]?.string {
    case nil, "asc": descending = false
    case "desc": descending = true
    case .some: throw .invalidParameter("Invalid SortOrder: use asc or desc.")
    }
    let sortBy = request.input["SortBy"]?.string
    guard sortBy != nil || descending else { return nil }
    guard let secrets = stores[place]?.secrets else { return [] }
    let sorted: [Int]
    switch sortBy {
    case nil, "created-date":
      sorted = secrets.indices.sorted { secrets[$0].created < secrets[$1].created }
    case "name": sorted = secrets.indices.sorted { secrets[$0].name < secrets[$1].name }
    case "last-changed-date", "last-accessed-date":
      sorted = secrets.indices.sorted { secrets[$0].lastChanged < secrets[$1].lastChanged }
    case .some:
      throw .invalidParameter(
        "Invalid SortBy: use created-date, last-accessed-date, last-changed-date or name.")
    }
    return descending ? sorted.reversed() : sorted
  }

  private static func filters(_ request: ServiceRequest) throws(Refusal) -> [SecretFilter] {
    guard let value = request.input["Filters"] else { return [] }
    guard let list = value.array, list.count <= 10 else {
      throw .invalidParameter("Filters: at most 10 filters.")
    }
    var filters: [SecretFilter] = []
    for entry in list {
      guard let key = entry["Key"]?.string.flatMap(SecretFilter.Key.init(rawValue:)) else {
        throw .invalidParameter("Invalid filter key: use one of the documented filter names.")
      }
      let values = (entry["Values"]?.array ?? []).compactMap(\.string)
      guard (1...10).contains(values.count), values.allSatisfy({ $0.count <= 512 }) else {
        throw .invalidParameter("Filter values: 1 to 10 strings of at most 512 characters.")
      }
      filters.append(SecretFilter(key: key, values: values))
    }
    return filters
  }
}

/// One filter of ListSecrets: a key and values, of which any may match.
///
/// Source: AWS Secrets Manager API reference, Filter. A value that starts with `!` must not match.
struct SecretFilter: Sendable, Hashable {
  enum Key: String, Sendable {
    case description
    case name
    case tagKey = "tag-key"
    case tagValue = "tag-value"
    case primaryRegion = "primary-region"
    case owningService = "owning-service"
    case all
  }

  let key: Key
  let values: [String]

  func matches(_ secret: SimulatedSecret) -> Bool {
    let refused = values.filter { $0.hasPrefix("!") }.map { String($0.dropFirst()) }
    guard !refused.contains(where: { holds($0, in: secret) }) else { return false }
    let wanted = values.filter { !$0.hasPrefix("!") }
    return wanted.isEmpty || wanted.contains { holds($0, in: secret) }
  }

  private func holds(_ value: String, in secret: SimulatedSecret) -> Bool {
    switch key {
    case .name: secret.name.hasPrefix(value)
    case .description:
      secret.description?.lowercased().hasPrefix(value.lowercased()) ?? false
    case .tagKey: secret.tags.contains { $0.name.hasPrefix(value) }
    case .tagValue: secret.tags.contains { $0.value.hasPrefix(value) }
    case .primaryRegion: secret.primaryRegion?.hasPrefix(value) ?? false
    case .owningService: secret.owningService?.hasPrefix(value) ?? false
    case .all: SecretFilter.words(value).allSatisfy { anywhere($0, in: secret) }
    }
  }

  /// Words are what stands between blanks and the marks that names use to join words.
  private static func words(_ text: String) -> [String] {
    text.lowercased().split { " /_+=.@-".contains($0) }.map(String.init)
  }

  private func anywhere(_ word: String, in secret: SimulatedSecret) -> Bool {
    let texts =
      [
        secret.name, secret.description ?? "", secret.primaryRegion ?? "",
        secret.owningService ?? "",
      ]
      + secret.tags.flatMap { [$0.name, $0.value] }
    return texts.contains { text in SecretFilter.words(text).contains { $0.hasPrefix(word) } }
  }
}
