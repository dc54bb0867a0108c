import RotationCore

/// Where a secret is kept.
struct SecretKey: Sendable, Hashable {
  let place: Place
  let index: Int
}

extension Refusal {
  static func accessDenied(
    _ caller: CallerIdentity, operation: String, resource: String, because reason: String
  ) -> Refusal {
    Refusal(
      "AccessDeniedException",
      "User: \(caller.arn) is not authorized to perform: secretsmanager:\(operation) on resource: "
        + "\(resource) because \(reason)")
  }
}

extension SimulatedService {
  /// The secret as it is now; a replica shows the rotation of its primary.
  mutating func current(_ key: SecretKey, now: Timestamp) -> SimulatedSecret? {
    guard var secret = stores[key.place]?[key.index] else { return nil }
    guard secret.isReplica, let region = secret.primaryRegion else {
      let before = secret
      secret.advance(to: now, started: started)
      if secret != before { stores[key.place]?[key.index] = secret }
      return secret
    }
    let home = Place(accountID: key.place.accountID, region: region)
    guard let index = stores[home]?.index(named: secret.name),
      let primary = current(SecretKey(place: home, index: index), now: now)
    else { return secret }
    secret.rotationEnabled = primary.rotationEnabled
    secret.rotationLambdaARN = primary.rotationLambdaARN
    secret.rotationRules = primary.rotationRules
    secret.lastRotated = primary.lastRotated
    secret.nextRotation = primary.nextRotation
    secret.lastChanged = primary.lastChanged
    secret.deleted = primary.deleted
    secret.versions = primary.versions
    secret.owningService = primary.owningService
    return secret
  }

  /// Finds what a request's SecretId means for its caller, and checks the caller's rights.
  mutating func find(
    _ request: ServiceRequest, now: Timestamp
  ) throws(Refusal) -> (key: SecretKey, secret: SimulatedSecret) {
    guard let id = request.secretID else {
      throw .invalidParameter("You must provide a value for SecretId.")
    }
    guard (1...2048).contains(id.count) else {
      throw Refusal(
        "ValidationException",
        "1 validation error detected: Value at 'secretId' failed to satisfy constraint: Member "
          + "must have length \(id.isEmpty ? "greater than or equal to 1" : "less than or equal to 2048")"
      )
    }
    guard let key = locate(id, from: request.place), let secret = current(key, now: now) else {
      throw .notFound
    }
    if key.place.accountID != request.caller.accountID,
      !secret.sharedWith.contains(request.caller.accountID)
    {
      throw .accessDenied(
        request.caller, operation: request.operation, resource: id,
        because: "no resource-based policy allows the secretsmanager:\(request.operation) action")
    }
    guard !secret.denied else {
      throw .accessDenied(
        request.caller, operation: request.operation, resource: secret.arn.text,
        because: "an explicit deny in a resource-based policy")
    }
    return (key, secret)
  }

  /// A name is looked up at the caller's place; an ARN in its own account, if it is of the region
  /// that was called.
  func locate(_ id: String, from place: Place) -> SecretKey? {
    guard SecretARN.looksLikeARN(id) else {
      return stores[place]?.index(named: id).map { SecretKey(place: place, index: $0) }
    }
    guard let arn = try? SecretARN(parsing: id), arn.region == place.region else { return nil }
    let home = Place(accountID: arn.accountID, region: arn.region)
    return stores[home]?.index(resource: arn.resource).map { SecretKey(place: home, index: $0) }
  }

  /// Finds a secret that is to be changed: no replica, not marked for deletion.
  mutating func findForChange(
    _ request: ServiceRequest, now: Timestamp
  ) throws(Refusal) -> (key: SecretKey, secret: SimulatedSecret) {
    let found = try find(request, now: now)
    guard !found.secret.isReplica else {
      throw .invalidParameter(
        "Operation not permitted on a replica secret. Call must be made in primary secret's "
          + "region.")
    }
    guard found.secret.deleted == nil else {
      throw .invalidRequest(
        "You can't perform this operation on the secret because it was marked for deletion.")
    }
    return found
  }

  /// Lets listings show a secret for a while as it was before a change; nil for one that is new.
  mutating func keepListed(_ arn: SecretARN, as old: SimulatedSecret?, now: Timestamp) {
    let stale = scenario.staleListingSeconds
    guard stale > 0 else { return }
    // Of several changes in that time the listing shows none.
    if let known = staleListings[arn.text], now < known.until { return }
    staleListings[arn.text] = (now.adding(seconds: stale), old)
  }

  /// A secret as the listing shows it; nil for one that is not listed yet.
  func listed(_ secret: SimulatedSecret, now: Timestamp) -> SimulatedSecret? {
    guard let stale = staleListings[secret.arn.text], now < stale.until else { return secret }
    return stale.secret
  }

  /// Puts a changed secret back, and keeps the old state in view for as long as reads are stale.
  mutating func store(_ secret: SimulatedSecret, at key: SecretKey, now: Timestamp) {
    keepListed(secret.arn, as: stores[key.place]?[key.index], now: now)
    let stale = scenario.staleReadsMilliseconds
    if stale > 0, let old = stores[key.place]?[key.index] {
      staleViews[secret.arn.text] = (
        Timestamp(milliseconds: now.milliseconds + Int64(stale)), old
      )
    }
    stores[key.place]?[key.index] = secret
  }
}
