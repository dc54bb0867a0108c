internal import AWSCommandLine
internal import Cryptography
internal import Glibc
internal import Locking
internal import RotationCore
internal import SecretsManagerClient

/// The names of an account's secrets, for the prompt to complete.
///
/// A listing is kept for as long as the prompt stands; one that failed is tried again.
final class SecretNames: Sendable {
  private struct Listing: Sendable {
    var secrets: [ListedSecret] = []
    var isWhole = true
  }

  private struct Key: Hashable {
    let options: PromptOptions
    let prefix: String
  }

  private let environment: [String: String]
  private let settings: AWSConfiguration
  private let kept = Locked<[Key: Listing]>([:])

  /// A person waits: short silences end a listing, and it reads no more than this many pages.
  private static let pages = 10
  private static let seconds = 5.0

  init(environment: [String: String], settings: AWSConfiguration) {
    self.environment = environment
    self.settings = settings
  }

  /// The names, or the ARNs where one is begun.
  ///
  /// Blocks the thread, which must be none of the cooperative pool's.
  ///
  /// - Returns: nil where the secrets cannot be listed.
  func matching(_ beginning: String, _ options: PromptOptions) -> [String]? {
    let isARN = beginning.utf8.starts(with: "arn:".utf8)
    guard var listing = listing(Key(options: options, prefix: "")) else { return nil }
    if !listing.isWhole, !isARN, !beginning.isEmpty, SecretListFilter.isValid(value: beginning),
      let narrow = self.listing(Key(options: options, prefix: beginning))
    {
      listing = narrow
    }
    return listing.secrets.compactMap { isARN ? $0.state.arn : $0.state.name }
  }

  private func listing(_ key: Key) -> Listing? {
    if let known = kept.with({ $0[key] }) { return known }
    let answer = Locked<Listing?>(nil)
    let isDone = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)
    sem_init(isDone, 0, 0)
    defer {
      sem_destroy(isDone)
      isDone.deallocate()
    }
    let post = Post(semaphore: isDone)
    // The wait below awaits it.
    Task.detached {
      let found = await self.fetch(key)
      answer.with { $0 = found }
      post()
    }
    while sem_wait(isDone) != 0, errno == EINTR {}
    let found = answer.with { $0 }
    if let found { kept.with { $0[key] = found } }
    return found
  }

  /// Lends the semaphore to the task; it outlives the task's use of it, which `listing` awaits.
  private struct Post: @unchecked Sendable {
    let semaphore: UnsafeMutablePointer<sem_t>
    func callAsFunction() { sem_post(semaphore) }
  }

  private func fetch(_ key: Key) async -> Listing? {
    var options = ClientOptions()
    options.endpointURL = key.options.endpointURL
    options.caBundle = key.options.caBundle
    options.verifySSL = key.options.verifySSL
    options.noSignRequest = key.options.noSignRequest
    options.connectTimeoutSeconds = SecretNames.seconds
    options.readTimeoutSeconds = SecretNames.seconds
    options.maxHostConnections = 1
    options.productVersion = ToolVersion.text
    options.userAgentSuffix = "md/command#secretsmanager.cancel-rotate-secret md/prompt#on"
    guard settings.missingProfile(key.options.profile) == nil,
      let client = try? RemoteSecretsManager(
        environment: environment, options: options, clock: Session.now)
    else { return nil }
    defer { client.close() }
    let region = key.options.region ?? settings.region(ofProfile: key.options.profile)
    guard let region, Endpoint.isRegion(region) else { return nil }
    return await read(client, CallSite(profile: key.options.profile, region: region), key.prefix)
  }

  private func read(
    _ client: RemoteSecretsManager, _ site: CallSite, _ prefix: String
  ) async -> Listing? {
    var listing = Listing()
    var request = ListSecretsRequest(pageSize: ListSecretsRequest.largestPage, sortBy: .name)
    if !prefix.isEmpty { request.filters = [SecretListFilter(key: .name, values: [prefix])] }
    for _ in 0..<SecretNames.pages {
      let attempt = AttemptNumber(number: 1, maximum: 1, invocationID: SecureRandom.uuid())
      let reply = await client.listSecrets(request, at: site, attempt: attempt)
      guard case .success(let page) = reply.result else { return nil }
      listing.secrets += page.secrets
      request.nextToken = page.nextToken
      if page.nextToken == nil { return listing }
    }
    listing.isWhole = false
    return listing
  }
}
