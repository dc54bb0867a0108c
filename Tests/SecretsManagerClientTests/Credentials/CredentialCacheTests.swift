import Locking
import RotationCore
import Testing

@testable import SecretsManagerClient

@Suite struct CachedCredentials {
  /// A source that counts, can be held up and can fail.
  private actor Source {
    var count = 0
    var minutes = 60.0
    var fails = false
    private var isShut = false
    private var waiting: [CheckedContinuation<Void, Never>] = []
    private var watchers: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []

    func set(minutes: Double) { self.minutes = minutes }
    func set(fails: Bool) { self.fails = fails }
    func shut() { isShut = true }
    func open() {
      isShut = false
      for continuation in waiting { continuation.resume() }
      waiting = []
    }

    /// Returns once that many calls have begun.
    func begun(_ number: Int) async {
      if count < number { await withCheckedContinuation { watchers.append((number, $0)) } }
    }

    func answer(at now: Timestamp) async -> Result<Credentials, ServiceFailure> {
      count += 1
      let number = count
      for watcher in watchers where watcher.count <= count { watcher.continuation.resume() }
      watchers.removeAll { $0.count <= count }
      if isShut { await withCheckedContinuation { waiting.append($0) } }
      if fails { return .failure(.local("Broken", "no way")) }
      return .success(
        Credentials(
          accessKeyID: "K\(number)", secretAccessKey: "s", sessionToken: "t",
          expiration: now.adding(seconds: minutes * 60)))
    }
  }

  private let now = Locked(ChainWorld.moment)
  private let warnings = Locked<[String]>([])
  private let source = Source()
  private let request = CredentialRequest(key: .profile("p"), profile: "p", region: "r")

  private var cache: CredentialCache {
    CredentialCache(
      clock: { [now] in now.with { $0 } },
      warn: { [warnings] text in warnings.with { $0.append(text) } }
    ) { [source, now] _, _ in
      await source.answer(at: now.with { $0 })
    }
  }

  private func pass(minutes: Double) {
    now.with { $0 = $0.adding(seconds: minutes * 60) }
  }

  @Test func `many who come at once share one search`() async {
    let cache = cache
    await withTaskGroup { group in
      for _ in 0..<50 { group.addTask { _ = await cache.credentials(request) } }
    }
    #expect(await source.count == 1)
  }

  @Test func `from fifteen minutes before the end one renews and nobody waits`() async {
    let cache = cache
    _ = await cache.credentials(request)
    pass(minutes: 45)
    #expect(await cache.credentials(request).told == "K1")
    #expect(await source.count == 1)
    pass(minutes: 0.1)
    await source.shut()
    for _ in 0..<20 { #expect(await cache.credentials(request).told == "K1") }
    await source.begun(2)
    pass(minutes: 5)
    let opening = Task { await source.open() }
    await withTaskGroup { group in
      for _ in 0..<20 {
        group.addTask { #expect(await cache.credentials(request).told == "K2") }
      }
    }
    await opening.value
    #expect(await source.count == 2)
  }

  @Test func `from ten minutes before the end all wait for one renewal`() async {
    let cache = cache
    _ = await cache.credentials(request)
    pass(minutes: 50.1)
    await withTaskGroup { group in
      for _ in 0..<20 {
        group.addTask { #expect(await cache.credentials(request).told == "K2") }
      }
    }
    #expect(await source.count == 2)
  }

  @Test func `a failed renewal is a warning while the keys hold and tried again later`() async {
    let cache = cache
    _ = await cache.credentials(request)
    await source.set(fails: true)
    pass(minutes: 51)
    #expect(await cache.credentials(request).told == "K1")
    #expect(await cache.credentials(request).told == "K1")
    #expect(await source.count == 2)
    #expect(warnings.with { $0.count } == 1)
    #expect(warnings.with { $0.first }?.contains("the profile \"p\"") == true)
    pass(minutes: 0.6)
    #expect(await cache.credentials(request).told == "K1")
    #expect(await source.count == 3)
    pass(minutes: 9)
    #expect(await cache.credentials(request).told == "no way")
    await source.set(fails: false)
    #expect(await cache.credentials(request).told == "K5")
  }

  @Test func `keys that live shorter than the windows are not renewed at each call`() async {
    let cache = cache
    await source.set(minutes: 5)
    for _ in 0..<20 { #expect(await cache.credentials(request).told == "K1") }
    pass(minutes: 0.6)
    #expect(await cache.credentials(request).told == "K2")
    #expect(await source.count == 2)
  }

  @Test func `refused keys are replaced once`() async {
    let cache = cache
    _ = await cache.credentials(request)
    await cache.invalidate(request.key, accessKeyID: "K1")
    #expect(await cache.credentials(request).told == "K2")
    await cache.invalidate(request.key, accessKeyID: "K1")
    #expect(await cache.credentials(request).told == "K2")
    #expect(await source.count == 2)
  }

  @Test func `one slow profile holds up no other`() async {
    let cache = cache
    await source.shut()
    let slow = Task { await cache.credentials(request).told }
    await source.begun(1)
    let other = CredentialRequest(key: .profile("q"), profile: "q", region: "r")
    let second = Task { await cache.credentials(other).told }
    await source.begun(2)
    await source.open()
    #expect(await slow.value == "K1")
    #expect(await second.value == "K2")
  }
}
