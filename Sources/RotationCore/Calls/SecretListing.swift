/// What one page of ListSecrets is asked for.
///
/// Source: AWS Secrets Manager API reference, ListSecrets. There is no filter on the state of
/// rotation; who wants the rotating ones lists all and looks.
package struct ListSecretsRequest: Sendable, Hashable {
  package enum SortKey: String, Sendable, Hashable, CaseIterable {
    case createdDate = "created-date"
    case lastAccessedDate = "last-accessed-date"
    case lastChangedDate = "last-changed-date"
    case name
  }

  /// At most ``maximumFilters``, all of which must match.
  package var filters: [SecretListFilter]
  /// Whether secrets that are marked for deletion are listed too.
  package var includesPlannedDeletion: Bool
  /// From 1 to ``largestPage``; nil leaves it to the service.
  package var pageSize: Int?
  /// Where the page begins, as the page before it told.
  package var nextToken: String?
  package var sortBy: SortKey?
  package var isDescending: Bool

  package static let maximumFilters = 10
  package static let largestPage = 100

  package init(
    filters: [SecretListFilter] = [], includesPlannedDeletion: Bool = false, pageSize: Int? = nil,
    nextToken: String? = nil, sortBy: SortKey? = nil, isDescending: Bool = false
  ) {
    self.filters = filters
    self.includesPlannedDeletion = includesPlannedDeletion
    self.pageSize = pageSize
    self.nextToken = nextToken
    self.sortBy = sortBy
    self.isDescending = isDescending
  }

  /// The request's members; what is not asked for is left out.
  package var wire: JSONValue {
    var object = JSONObject()
    if includesPlannedDeletion { object["IncludePlannedDeletion"] = true }
    object["MaxResults"] = pageSize.map { JSONValue($0) }
    object["NextToken"] = nextToken.map(JSONValue.string)
    if !filters.isEmpty { object["Filters"] = .array(filters.map(\.wire)) }
    if isDescending { object["SortOrder"] = "desc" }
    object["SortBy"] = sortBy.map { .string($0.rawValue) }
    return .object(object)
  }
}

/// A filter that the service applies: a key and values, of which any may match.
///
/// A value that begins with `!` must not match. All keys take prefixes and heed the case, except
/// that `description` does not heed it and `all` looks for words anywhere.
package struct SecretListFilter: Sendable, Hashable {
  package enum Key: String, Sendable, Hashable, CaseIterable {
    case name
    case description
    case tagKey = "tag-key"
    case tagValue = "tag-value"
    case primaryRegion = "primary-region"
    case owningService = "owning-service"
    case all
  }

  package let key: Key
  /// From 1 to ``maximumValues``, each of at most ``longestValue`` bytes.
  package let values: [String]

  package static let maximumValues = 10
  package static let longestValue = 512

  package init(key: Key, values: [String]) {
    self.key = key
    self.values = values
  }

  var wire: JSONValue {
    ["Key": .string(key.rawValue), "Values": .array(values.map(JSONValue.string))]
  }

  /// Whether the service takes the text as a filter's value.
  ///
  /// Source: the service model, `^\!?[a-zA-Z0-9 :_@\/\+\=\.\-\!]*$`.
  package static func isValid(value: String) -> Bool {
    value.utf8.count <= longestValue
      && value.utf8.allSatisfy {
        (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0)
          || " :_@/+=.-!".utf8.contains($0)
      }
  }
}

/// One entry of ListSecrets.
///
/// It may be five minutes behind what DescribeSecret says.
package struct ListedSecret: Sendable, Hashable {
  /// Without the regions of its replicas, which a listing does not tell.
  package var state: SecretState
  package var description: String?
  /// All of them.
  package var tags: [Label]

  package init(state: SecretState, description: String? = nil, tags: [Label] = []) {
    self.state = state
    self.description = description
    self.tags = tags
  }

  /// - Returns: nil for what is no entry: without an ARN, or where a member of the wrong kind
  ///   could pass for "rotation is off".
  package init?(wire: JSONValue) {
    guard wire["ARN"]?.string != nil else { return nil }
    if let enabled = wire["RotationEnabled"], enabled.bool == nil { return nil }
    state = SecretState(wire: wire)
    description = wire["Description"]?.string
    tags = (wire["Tags"]?.array ?? []).compactMap { tag in
      tag["Key"]?.string.map { Label(name: $0, value: tag["Value"]?.string ?? "") }
    }
  }
}

/// One page of ListSecrets; it may be empty and still not be the last.
package struct SecretListPage: Sendable, Hashable {
  package let secrets: [ListedSecret]
  /// Nil on the last page.
  package let nextToken: String?

  package init(secrets: [ListedSecret], nextToken: String?) {
    self.secrets = secrets
    self.nextToken = nextToken
  }

  /// Why an answer is no page of a listing; reads on after "has".
  package struct Problem: Error, Sendable, Hashable {
    package let what: String
  }

  /// An answer that cannot be read whole is refused, or secrets would be missed silently.
  package init(wire: JSONValue) throws(Problem) {
    guard let list = wire["SecretList"]?.array else { throw Problem(what: "no list of secrets") }
    var secrets: [ListedSecret] = []
    secrets.reserveCapacity(list.count)
    for entry in list {
      guard let secret = ListedSecret(wire: entry) else {
        throw Problem(what: "an entry that does not describe a secret")
      }
      secrets.append(secret)
    }
    var token: String?
    if let value = wire["NextToken"] {
      guard let text = value.string else {
        throw Problem(what: "\(value.kindName) as NextToken")
      }
      token = text.isEmpty ? nil : text
    }
    self.init(secrets: secrets, nextToken: token)
  }
}
