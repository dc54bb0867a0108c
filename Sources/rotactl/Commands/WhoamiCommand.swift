internal import ArgumentParser
internal import RotationCore
internal import RunEngine
internal import SecretsManagerClient

/// Who each profile is, where its credentials come from, and what stands in its way.
struct WhoamiCommand: RotactlCommand {
  static let configuration = CommandConfiguration(
    commandName: "whoami",
    abstract: "Say for each profile who it is, where its keys come from, and what is wrong.",
    discussion: """
      Asks AWS STS GetCallerIdentity, which needs no permission, and changes nothing. Run it first \
      in an incident.

      EXAMPLES
        rotactl whoami
        rotactl whoami --profile prod --profile staging --region us-east-1 --region eu-west-1
        rotactl whoami --profile prod --json

      \(ExitStatus.helpSection)
      """)

  @OptionGroup(title: "Connection") var connection: ConnectionOptions
  @OptionGroup(title: "Pace") var pacing: PacingOptions
  @OptionGroup(title: "Output") var output: OutputOptions

  func execute(_ process: ProcessContext) async throws -> ExitStatus {
    let settings = process.settings
    let output = try self.output.resolved(settings)
    let console = output.console(process.surroundings)
    let session = try Session(
      connection: try connection.resolved(settings),
      pacing: try pacing.resolved(settings),
      environment: process.environment, sessionName: nil, command: "whoami",
      console: console)
    defer { session.client.close() }
    await session.learnRegion()
    let answers = await Whoami(session: session).answers()
    if output.isJSON {
      console.result(WhoamiView.json(answers))
    } else {
      WhoamiView(now: session.clock.now()).show(answers, on: console)
    }
    return answers.allSatisfy { $0.failure == nil } ? .success : .preflight
  }
}

/// One profile in one region, as far as it could be told.
struct WhoamiAnswer: Sendable, Hashable {
  /// Nil for the default profile.
  let profile: String?
  /// Empty when there is none.
  let region: String
  var credentials: CredentialFacts?
  var identity: CallerIdentity?
  /// Where calls to Secrets Manager and to STS go.
  var secretsManagerURL: String?
  var stsURL: String?
  /// The first thing that is wrong.
  var failure: ServiceFailure?
}

/// Asks for every profile in every region, a few at a time.
struct Whoami: Sendable {
  let session: Session

  private var sites: [CallSite] {
    let names: [String?] =
      session.connection.profiles.isEmpty ? [nil] : session.connection.profiles.map(\.self)
    return names.flatMap { name in
      let found = session.regions(of: name).names
      return (found.isEmpty ? [""] : found).map { CallSite(profile: name, region: $0) }
    }
  }

  /// In the order in which profiles and regions were named.
  func answers() async -> [WhoamiAnswer] {
    let sites = self.sites
    return await withTaskGroup(of: (Int, WhoamiAnswer).self) { group in
      var found: [Int: WhoamiAnswer] = [:]
      var rest = sites.indices[...]
      for index in rest.prefix(16) {
        group.addTask { (index, await answer(at: sites[index])) }
      }
      rest = rest.dropFirst(16)
      while let (index, answer) = await group.next() {
        found[index] = answer
        if let next = rest.popFirst() {
          group.addTask { (next, await self.answer(at: sites[next])) }
        }
      }
      return sites.indices.compactMap { found[$0] }
    }
  }

  private func answer(at site: CallSite) async -> WhoamiAnswer {
    var answer = WhoamiAnswer(profile: site.profile, region: site.region)
    for service in [EndpointService.secretsManager, .sts] {
      switch session.client.endpointURL(service, at: site) {
      case .success(let url) where service == .sts: answer.stsURL = url
      case .success(let url): answer.secretsManagerURL = url
      case .failure(let failure): answer.failure = answer.failure ?? failure
      }
    }
    guard answer.failure == nil else { return answer }
    switch await session.client.credentialFacts(at: site) {
    case .success(let facts): answer.credentials = facts
    case .failure(let failure) where failure.kind == .credentials:
      answer.failure = failure
      return answer
    // What may pass is tried again by the call that needs the credentials.
    case .failure: break
    }
    let preflight = Preflight(reader: session.client, loop: session.loop)
    switch await preflight.identity(at: site) {
    case .known(let identity): answer.identity = identity
    case .unreachable(let failure), .failed(let failure): answer.failure = failure
    }
    if answer.credentials == nil,
      case .success(let facts) = await session.client.credentialFacts(
        at: site)
    {
      answer.credentials = facts
    }
    return answer
  }
}
