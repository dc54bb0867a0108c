package import RotationCore

/// Lists one account and region to the end, a page at a time.
package struct SecretLister<Reader: SecretsManagerReader>: Sendable {
  private let reader: Reader
  private let loop: AttemptLoop

  package init(reader: Reader, loop: AttemptLoop) {
    self.reader = reader
    self.loop = loop
  }

  /// How often a listing is begun anew when the service no longer takes its token.
  package static var maximumRestarts: Int { 5 }

  /// What the caller is told of.
  package enum Event: Sendable {
    case page([ListedSecret])
    /// All pages so far count for nothing; the listing begins anew.
    case restart
  }

  /// Goes on until a page has no NextToken, over empty pages too.
  ///
  /// - `request`: its token is not used.
  /// - `pacer`: of the account and region.
  /// - `body`: takes the pages in their order; what it throws ends the listing.
  /// - Returns: why the listing did not come to its end; nil when it did.
  package func list(
    _ request: ListSecretsRequest, at site: CallSite, pacer: LanePacer,
    body: (Event) async throws -> ServiceFailure?
  ) async throws -> ServiceFailure? {
    var request = request
    request.nextToken = nil
    request.pageSize = request.pageSize ?? ListSecretsRequest.largestPage
    var restarts = 0
    while true {
      let current = request
      var attempts: [AttemptRecord] = []
      let result = await loop.persistentCall(
        .listSecrets, profile: site.profile, pacer: pacer, attempts: &attempts
      ) { attempt in
        await reader.listSecrets(current, at: site, attempt: attempt)
      }
      switch result {
      case .failure(let failure)
      where failure.code == "InvalidNextTokenException" && current.nextToken != nil
        && restarts < SecretLister.maximumRestarts:
        restarts += 1
        request.nextToken = nil
        if let failure = try await body(.restart) { return failure }
      case .failure(let failure): return failure
      case .success(let page):
        if let failure = try await body(.page(page.secrets)) { return failure }
        guard let token = page.nextToken else { return nil }
        // A service that gives the same token for ever would never be done with.
        guard token != current.nextToken else { return SecretLister.repeatedToken }
        request.nextToken = token
      }
    }
  }

  private static var repeatedToken: ServiceFailure {
    ServiceFailure(
      kind: .malformed, code: "RepeatedNextToken",
      message: "ListSecrets gave the token that it was asked with, so the rest cannot be listed")
  }
}
