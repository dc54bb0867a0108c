import Locking
import RotationCore
import SecretsManagerSimulator
import Testing

@Suite("The simulator in process") struct InProcessServiceTests {
  private let attempt = AttemptNumber(number: 1, maximum: 3, invocationID: "id")
  private let site = CallSite(profile: "payments", region: "us-east-1")

  private func service(
    _ rules: FaultRule..., sleep: @escaping @Sendable (Duration) async -> Void = { _ in }
  ) -> InProcessService {
    var scenario = SimulationFixture.scenario
    scenario.faults = rules
    return InProcessService(
      scenario: scenario, now: { SimulationFixture.start }, sleep: sleep)
  }

  @Test func `calls go through and are logged`() async throws {
    let service = service()
    let identity = try await service.callerIdentity(at: site, attempt: attempt).result.get()
    #expect(identity.accountID == SimulationFixture.account)
    let cancelled = try await service.cancelRotateSecret("rotating", at: site, attempt: attempt)
      .result.get()
    #expect(cancelled.name == "rotating")
    let reply = await service.describeSecret("rotating", at: site, attempt: attempt)
    #expect(try reply.result.get().rotationEnabled == false)
    #expect(reply.requestID != nil)
    let versions = await service.listSecretVersionIDs("inFlight", at: site, attempt: attempt)
    #expect(try versions.result.get().map(\.stages).count == 3)
    #expect(service.calls.map(\.operation).count == 4)
  }

  @Test func `a listing comes in pages with every tag and no filter on rotation`() async throws {
    let service = service()
    var request = ListSecretsRequest(pageSize: 10, sortBy: .name)
    var names: [String] = []
    repeat {
      let page = try await service.listSecrets(request, at: site, attempt: attempt).result.get()
      names += page.secrets.compactMap(\.state.name)
      request.nextToken = page.nextToken
    } while request.nextToken != nil
    #expect(names.count == 24)
    #expect(names == names.sorted())
    request.filters = [SecretListFilter(key: .name, values: ["step/"])]
    request.isDescending = true
    let page = try await service.listSecrets(request, at: site, attempt: attempt).result.get()
    #expect(page.secrets.first?.state.name == "step/12")
    #expect(page.secrets.allSatisfy { $0.state.rotationEnabled == true })
    request.nextToken = "made up"
    let refused = await service.listSecrets(request, at: site, attempt: attempt)
    guard case .failure(let failure) = refused.result else {
      Issue.record("it succeeded")
      return
    }
    #expect(failure.code == "InvalidNextTokenException")
  }

  @Test func `rotation goes on again and a label moves`() async throws {
    let service = service()
    var request = RotationRequest(
      secretID: "off", clientRequestToken: "6a3e5e1c-7c0f-4c52-9a55-3c1b2f6d1a11")
    request.rules = ["AutomaticallyAfterDays": 7]
    let rotated = await service.rotateSecret(request, at: site, attempt: attempt)
    #expect(try rotated.result.get().name == "off")
    let on = try await service.describeSecret("off", at: site, attempt: attempt).result.get()
    #expect(on.rotationEnabled == true && on.pendingVersionID == nil)
    #expect(on.rotationRules == ["AutomaticallyAfterDays": 7])
    let stuck = try await service.describeSecret("stalled", at: site, attempt: attempt).result
      .get()
    let pending = try #require(stuck.pendingVersionID)
    let change = StageChange(secretID: "stalled", stage: "AWSPENDING", removeFrom: pending)
    let dropped = await service.updateSecretVersionStage(change, at: site, attempt: attempt)
    #expect(try dropped.result.get().name == "stalled")
    let after = try await service.describeSecret("stalled", at: site, attempt: attempt).result
      .get()
    #expect(after.pendingVersionID == nil)
    #expect(service.usage.keys.map(\.group).contains(.updateStage))
  }

  @Test func `an unknown profile has no credentials`() async {
    let nowhere = CallSite(profile: "nobody", region: "us-east-1")
    let reply = await service().describeSecret("off", at: nowhere, attempt: attempt)
    guard case .failure(let failure) = reply.result else {
      Issue.record("it succeeded")
      return
    }
    #expect(failure.kind == .credentials)
  }

  @Test func `each fault is the failure that a client would see`() async {
    let kinds: [(FaultKind, ServiceFailure.Kind, Int?)] = [
      (.throttle, .service, 400), (.internalError, .service, 500), (.unavailable, .service, 503),
      (.reset, .lost, nil), (.cutBody, .lost, 200), (.garbage200, .malformed, 200),
      (.html, .service, 502), (.expiredToken, .service, 400),
    ]
    for (kind, expected, status) in kinds {
      let service = service(FaultRule(kind: kind, trigger: .firstAttempts(1)))
      let reply = await service.cancelRotateSecret("rotating", at: site, attempt: attempt)
      guard case .failure(let failure) = reply.result else {
        Issue.record("\(kind) did not strike")
        continue
      }
      #expect(failure.kind == expected)
      #expect(failure.httpStatus == status)
    }
  }

  @Test func `a slow answer is waited for on the given clock`() async {
    let waits = Locked<[Duration]>([])
    let service = service(
      FaultRule(kind: .slow(milliseconds: 250), trigger: .firstAttempts(1)),
      sleep: { duration in waits.with { $0.append(duration) } })
    _ = await service.describeSecret("off", at: site, attempt: attempt)
    _ = await service.describeSecret("off", at: site, attempt: attempt)
    #expect(waits.with { $0 } == [.milliseconds(250)])
  }

  @Test func `a secret can be changed behind the service's back`() throws {
    let service = service()
    let secret = try service.change([
      "secret": "off", "account": "111122223333", "region": "us-east-1", "rotationEnabled": true,
      "beginRotation": true,
    ])
    #expect(secret.rotationEnabled == true)
    #expect(secret.pendingVersionID != nil)
    #expect(throws: ScenarioError.self) { try service.change(["secret": "off", "colour": 1]) }
  }
}
