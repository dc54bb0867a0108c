internal import RotationCore

/// An account and a region: where secrets live, and what quotas count by.
package struct Place: Sendable, Hashable {
  package let accountID: String
  package let region: String

  package init(accountID: String, region: String) {
    self.accountID = accountID
    self.region = region
  }
}

/// The secrets of one account in one region, found by name in constant time.
package struct SecretStore: Sendable {
  /// In the order of creation; an index stays valid, for no secret is ever taken out.
  package private(set) var secrets: [SimulatedSecret] = []
  private var indexByName: [String: Int] = [:]

  package init() {}

  /// Adds a secret.
  ///
  /// - Returns: false when the name is taken; nothing changed then.
  @discardableResult
  package mutating func add(_ secret: SimulatedSecret) -> Bool {
    guard indexByName[secret.name] == nil else { return false }
    indexByName[secret.name] = secrets.count
    secrets.append(secret)
    return true
  }

  package subscript(index: Int) -> SimulatedSecret {
    get { secrets[index] }
    set { secrets[index] = newValue }
  }

  package func index(named name: String) -> Int? { indexByName[name] }

  /// Finds by the resource part of an ARN.
  ///
  /// A resource that ends in a hyphen and six characters is taken as complete, even when that is
  /// merely how the name ends; any other is completed if a secret has that name.
  package func index(resource: String) -> Int? {
    let asked = SecretARN(partition: "", region: "", accountID: "", resource: resource)
    guard asked.hasSuffix else { return indexByName[resource] }
    guard let index = indexByName[asked.name], secrets[index].arn.resource == resource else {
      return nil
    }
    return index
  }
}
