import DurableFiles
import RotationCore
import RunEngine
import SecretsManagerSimulator
import TestSupport

/// The way to the simulator of a process that dies at one event, as by `kill -9`.
///
/// An event is a request that is about to leave, and a request that was carried out and whose
/// answer is on its way. From then on nothing reaches the simulator, and what the process left of
/// its journal is kept: all that was durable, and a random part of what was only written.
final class MortalPassage: SecretsManagerService, @unchecked Sendable {
  private let service: InProcessService
  private let journalPath: String
  private let lastEvent: Int
  /// The bytes that earlier processes left.
  private let inherited: Int
  // What changes is guarded by the one thread of virtual time.
  private var events = 0
  private var random: SeededRandom
  /// Secrets for which a change has left: their intents were durable.
  private var sent: Set<String> = []
  private(set) var remains: [UInt8]?
  var onDeath: @Sendable () -> Void = {}

  init(_ harness: EngineHarness, dyingAt event: Int, inherited: Int, seed: UInt64) {
    self.inherited = inherited
    service = harness.service
    journalPath = harness.journalPath
    lastEvent = event
    random = SeededRandom(seed: seed)
  }

  var isDead: Bool { remains != nil }

  /// Dies now; also for a process that did all its work and is killed before it ends.
  func die() {
    guard remains == nil else { return }
    let written = (try? DurableFile.read(journalPath)) ?? []
    let kept = Int.random(in: durable(written)...written.count, using: &random)
    remains = Array(written[..<kept])
    onDeath()
  }

  /// The bytes that were flushed for sure: up to the last intent whose request has left.
  private func durable(_ journal: [UInt8]) -> Int {
    var end = inherited
    var start = 0
    while let newline = journal[start...].firstIndex(of: 0x0A) {
      if case .intent(_, _, _, let secretID, _) =
        try? JournalRecord.parse(line: Array(journal[start..<newline])).record,
        sent.contains(secretID)
      {
        end = max(end, newline + 1)
      }
      start = newline + 1
    }
    return end
  }

  private func passes() -> Bool {
    guard !isDead else { return false }
    events += 1
    if events == lastEvent { die() }
    return !isDead
  }

  private func carry<Output>(
    _ body: () async -> AttemptReply<Output>
  ) async -> AttemptReply<Output> {
    let dead = ServiceFailure(kind: .abandoned, code: "Dead", message: "")
    guard passes() else { return AttemptReply(.failure(dead)) }
    let reply = await body()
    guard passes() else { return AttemptReply(.failure(dead)) }
    return reply
  }

  func callerIdentity(
    at site: CallSite, attempt: AttemptNumber
  ) async -> AttemptReply<CallerIdentity> {
    await carry { await service.callerIdentity(at: site, attempt: attempt) }
  }

  func describeSecret(
    _ secretID: String, at site: CallSite, attempt: AttemptNumber
  ) async -> AttemptReply<SecretState> {
    await carry { await service.describeSecret(secretID, at: site, attempt: attempt) }
  }

  func listSecrets(
    _ request: ListSecretsRequest, at site: CallSite, attempt: AttemptNumber
  ) async -> AttemptReply<SecretListPage> {
    await carry { await service.listSecrets(request, at: site, attempt: attempt) }
  }

  func listSecretVersionIDs(
    _ secretID: String, at site: CallSite, attempt: AttemptNumber
  ) async -> AttemptReply<[SecretVersion]> {
    await carry { await service.listSecretVersionIDs(secretID, at: site, attempt: attempt) }
  }

  func cancelRotateSecret(
    _ secretID: String, at site: CallSite, attempt: AttemptNumber
  ) async -> AttemptReply<ChangedSecret> {
    // Whoever asks for a change has its intent on the disk.
    if !isDead { sent.insert(secretID) }
    return await carry { await service.cancelRotateSecret(secretID, at: site, attempt: attempt) }
  }

  func rotateSecret(
    _ request: RotationRequest, at site: CallSite, attempt: AttemptNumber
  ) async -> AttemptReply<ChangedSecret> {
    await carry { await service.rotateSecret(request, at: site, attempt: attempt) }
  }

  func updateSecretVersionStage(
    _ change: StageChange, at site: CallSite, attempt: AttemptNumber
  ) async -> AttemptReply<ChangedSecret> {
    await carry { await service.updateSecretVersionStage(change, at: site, attempt: attempt) }
  }
}
