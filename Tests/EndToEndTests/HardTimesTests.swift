import Foundation
import RotationCore
import TestSupport
import Testing

/// Disks that fill up, folders that go away, signals, networks that lie: seen from outside.
@Suite(
  .serialized,
  .enabled(
    if: Program.rotactl != nil && Program.foreign("python3") != nil,
    "needs the built binary and python3: see .ci/test"))
struct HardTimesTests {
  /// A script of `Servers` as a process that has printed its port.
  private final class Passage {
    let child: Child
    let port: String

    init(to run: SteeredRun, _ trick: [String]) async throws {
      let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("Servers/passage.py").path
      let port = try #require(run.simulation.endpoint.split(separator: ":").last.map(String.init))
      child = try #require(Program.foreign("python3")).start(
        [script, port] + trick, environment: run.simulation.environment)
      let said = await child.output(containing: "\n")
      self.port = try #require(said?.split(separator: "\n").first.map(String.init))
    }

    deinit { child.signal(SIGKILL) }
  }

  /// Runs `rotactl run` under bash, which sets limits or redirections around it.
  private func shell(_ run: SteeredRun, _ script: String) async throws -> Program.Result {
    let environment = run.simulation.environment.merging(["ROTACTL": run.program.path]) { $1 }
    return try await #require(Program.foreign("bash")).run(
      ["-c", script], environment: environment, folder: run.folder)
  }

  /// What the results say, held against the simulator: no success that is none, nothing lost.
  private func reconcile(_ run: SteeredRun, count: Int) async throws -> [String: Int] {
    let truth = try await run.simulation.rotation()
    #expect(truth.count == count)
    let text = try String(contentsOfFile: run.folder + "/reports/r/results.csv", encoding: .utf8)
    var outcomes: [String: Int] = [:]
    for row in text.split(whereSeparator: \.isNewline).dropFirst() {
      let cells = row.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      outcomes[cells[5], default: 0] += 1
      if ["cancelled", "already off"].contains(cells[5]) { #expect(truth[cells[4]] == false) }
    }
    #expect(outcomes.values.reduce(0, +) == count)
    #expect(try await run.rotactl(["verify", "r"]).status == 0)
    return outcomes
  }

  /// The secrets that a change took effect on.
  private func effective(_ run: SteeredRun) async throws -> Set<String> {
    let effective = try await run.cancels().filter { $0["tookEffect"]?.bool == true }
    return Set(effective.compactMap { $0["secretId"]?.string })
  }

  // MARK: Disk

  @Test func `a disk that fills up stops every change, and resume goes on where there is room`()
    async throws
  {
    let run = try await SteeredRun(count: 60)
    let full = try await shell(
      run, "ulimit -f 80; exec \"$ROTACTL\" run m.csv --yes --run-id r --rate 49 --progress none")
    #expect(full.status == 75, "\(full.status) \(full.error)")
    #expect(full.error.contains("the journal cannot be written, so no further change was sent"))
    #expect(full.error.contains("then `rotactl resume reports/r`"))
    let sent = try await run.cancels().count
    #expect(sent > 0 && sent < 60)
    let resumed = try await run.rotactl(["resume", "r", "--rate", "49"])
    #expect(resumed.status == 0, "\(resumed.error)")
    #expect(try await reconcile(run, count: 60) == ["cancelled": 60])
  }

  @Test func `a run whose folder is removed sends no further change and says so`() async throws {
    let run = try await SteeredRun(count: 60)
    let child = try run.start(["--rate", "10", "--progress", "none"])
    try await run.reach(5)
    try FileManager.default.removeItem(atPath: run.folder + "/reports/r")
    let ended = await child.result()
    #expect(ended.status == 75, "\(ended.status)")
    #expect(ended.error.contains("the run's folder is gone"))
    #expect(try await run.cancels().count < 30)
  }

  @Test func `a folder that cannot be written is named before anything is called`() async throws {
    let run = try await SteeredRun(count: 2)
    // Nobody may make a folder there, not even the superuser.
    let refused = try await run.rotactl(["run", "m.csv", "--yes", "--reports", "/proc/reports"])
    #expect(refused.status == 2)
    #expect(refused.error.contains("/proc/reports") && refused.error.contains("--reports"))
    #expect(try await run.simulation.calls().isEmpty)
  }

  @Test func `a bundle that cannot be written is written by resume, without another change`()
    async throws
  {
    let run = try await SteeredRun(count: 6)
    let blocked = run.folder + "/reports/r.tar.gz"
    try FileManager.default.createDirectory(
      atPath: blocked + "/in-the-way", withIntermediateDirectories: true)
    let first = try await run.start(["--progress", "none"]).result()
    #expect(first.status != 0)
    #expect(first.error.contains("rotactl resume"), "\(first.error)")
    try FileManager.default.removeItem(atPath: blocked)
    #expect(try await run.rotactl(["resume", "r"]).status == 0)
    #expect(try await run.cancels().count == 6)
    #expect(try await reconcile(run, count: 6) == ["cancelled": 6])
  }

  // MARK: Signals and streams

  @Test(arguments: [SIGINT: 130, SIGTERM: 143, SIGHUP: 143] as [Int32: Int32])
  func `the first signal drains the run and the second one leaves at once`(
    signal: Int32, status: Int32
  ) async throws {
    let run = try await SteeredRun(count: 30)
    let drained = try run.start(["--rate", "4", "--progress", "none"])
    try await run.reach(2)
    drained.signal(signal)
    #expect(await drained.result().status == status)
    #expect(try await run.rotactl(["verify", "r"]).status == 0)

    let slow = try await SteeredRun(
      count: 30, faults: #"[{"kind":"slow","probability":1,"milliseconds":15000}]"#)
    let child = try slow.start(["--rate", "4", "--progress", "none"])
    while try await slow.simulation.calls(of: "DescribeSecret").count < 3 {}
    child.signal(signal)
    _ = await child.errorOutput(containing: "once more to leave")
    child.signal(signal)
    #expect(await child.result().status == status)
  }

  @Test func `a hangup ends no run under nohup`() async throws {
    let run = try await SteeredRun(count: 12)
    let nohup = try #require(Program.foreign("nohup"))
    let child = try nohup.start(
      [
        run.program.path, "run", "m.csv", "--yes", "--run-id", "r", "--rate", "6", "--progress",
        "none",
      ], environment: run.simulation.environment, folder: run.folder)
    try await run.reach(2)
    for _ in 0..<3 { child.signal(SIGHUP) }
    #expect(await child.result().status == 0)
    #expect(try await reconcile(run, count: 12) == ["cancelled": 12])
  }

  @Test(arguments: ["| head -n 1", "2>&1 >/dev/null | head -n 1", "2> >(head -n 1 >&2)"])
  func `a reader that leaves ends no run`(redirection: String) async throws {
    let run = try await SteeredRun(count: 20)
    let result = try await shell(
      run,
      "\"$ROTACTL\" run m.csv --yes --run-id r --rate 10 --progress plain --json --debug "
        + "\(redirection); exit \"${PIPESTATUS[0]}\"")
    #expect(result.status == 0, "\(result.status)")
    #expect(try await reconcile(run, count: 20) == ["cancelled": 20])
  }

  // MARK: The network

  @Test func `a machine that sleeps while its connections die goes on by itself`() async throws {
    let run = try await SteeredRun(count: 40)
    let passage = try await Passage(to: run, ["gone", "60", "2"])
    let child = try run.start([
      "--rate", "20", "--progress", "none", "--endpoint-url", "http://127.0.0.1:\(passage.port)",
    ])
    try await run.reach(10)
    child.signal(SIGSTOP)
    // Asleep until the simulator has answered a page a few hundred times.
    for _ in 0..<100 { _ = try await run.cancels() }
    child.signal(SIGCONT)
    #expect(await child.result().status == 0)
    #expect(try await reconcile(run, count: 40) == ["cancelled": 40])
  }

  @Test(arguments: ["duplicate", "late", "html"], ["0.05", "0.4"])
  func `answers that are doubled, late or a page prove nothing`(trick: String, chance: String)
    async throws
  {
    let run = try await SteeredRun(count: 40)
    let passage = try await Passage(to: run, [trick, chance])
    let result = try await run.start([
      "--rate", "49", "--progress", "none", "--endpoint-url", "http://127.0.0.1:\(passage.port)",
    ]).result()
    #expect([0, 3].contains(result.status), "\(result.status) \(result.error)")
    let outcomes = try await reconcile(run, count: 40)
    if chance == "0.05" { #expect(outcomes == ["cancelled": 40]) }
  }

  @Test(arguments: ["certificate", "reset", "silent", "garbage", "alert", "unclosed"])
  func `TLS that fails in the middle of a run and heals costs no target`(trouble: String)
    async throws
  {
    let run = try await SteeredRun(count: 40)
    let openssl = try #require(Program.foreign("openssl"))
    for name in ["good", "bad"] {
      let made = try await openssl.run(
        [
          "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "\(name).key", "-out",
          "\(name).pem", "-days", "2", "-subj", "/CN=\(name)", "-addext",
          "subjectAltName=IP:127.0.0.1",
        ], environment: run.simulation.environment, folder: run.folder)
      #expect(made.status == 0, "\(made.error)")
    }
    let files = ["good", "bad"].flatMap { ["\(run.folder)/\($0).pem", "\(run.folder)/\($0).key"] }
    // Many more than there are workers, so that calls meet it more than once.
    let passage = try await Passage(
      to: run, ["tls"] + files.prefix(2) + ["10", "40", trouble] + files.suffix(2))
    let result = try await run.start([
      "--rate", "20", "--progress", "none", "--ca-bundle", files[0], "--endpoint-url",
      "https://127.0.0.1:\(passage.port)",
    ]).result()
    #expect(result.status == 0, "\(result.status) \(result.output) \(result.error)")
    #expect(try await reconcile(run, count: 40) == ["cancelled": 40])
    // The change whose answer was kept back was carried out; looking again told so.
    #expect(try await effective(run).count == 40)
  }

  @Test func `errors of two megabytes are borne in bounded memory`() async throws {
    let run = try await SteeredRun(
      count: 150,
      faults: """
        [{"kind":"hugeError","probability":0.3},{"kind":"hugeError","probability":0.1,"moment":"after"},
         {"kind":"hugeError","probability":0.05,"bytes":5000000}]
        """)
    let child = try run.start(["--rate", "49", "--progress", "none"])
    var peak = 0
    while let text = try? String(contentsOfFile: "/proc/\(child.pid)/status", encoding: .utf8),
      let line = text.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM") })
    {
      peak = max(peak, Int(line.filter(\.isNumber)) ?? 0)
      await Task.yield()
    }
    let result = await child.result()
    #expect(result.status == 0, "\(result.error)")
    // 64 answers of 2 MiB may be under way at once; a sanitizer keeps what was freed.
    #expect(peak > 0 && (peak < 400_000 || Program.isSanitized))
    #expect(try await reconcile(run, count: 150) == ["cancelled": 150])
    let journal = try FileManager.default.attributesOfItem(
      atPath: run.folder + "/reports/r/journal.ndjson")
    #expect((journal[.size] as? Int ?? .max) < 4 << 20)
  }

  @Test func `answers that never come are given up in time and settled`() async throws {
    let run = try await SteeredRun(
      count: 30,
      faults: """
        [{"kind":"silence","probability":0.1},{"kind":"silence","probability":0.1,"moment":"after"}]
        """)
    let result = try await run.start([
      "--rate", "49", "--read-timeout", "1s", "--progress", "none",
    ]).result()
    #expect(result.status == 0, "\(result.error)")
    #expect(try await reconcile(run, count: 30) == ["cancelled": 30])
  }

  @Test func `keys that end every two seconds cost no target`() async throws {
    let run = try await SteeredRun(count: 40, extra: #","sessionSeconds":2"#)
    let config = try String(contentsOfFile: run.folder + "/config", encoding: .utf8)
    try run.simulation.folder.write(
      "config",
      config + """

        [profile short]
        role_arn = arn:aws:iam::111122223333:role/operator
        source_profile = default
        region = us-east-1
        endpoint_url = \(run.simulation.endpoint)
        """)
    let result = try await run.start([
      "--rate", "5", "--profile", "short", "--progress", "none",
    ]).result()
    #expect(result.status == 0, "\(result.error)")
    #expect(try await reconcile(run, count: 40) == ["cancelled": 40])
    #expect(try await run.simulation.calls(of: "AssumeRole").count >= 3)
  }

  @Test(arguments: [7500, -7500])
  func `a rotation that runs is told by the service's clock, however wrong ours is`(skew: Int)
    async throws
  {
    let run = try await SteeredRun(
      count: 1, extra: #","clockSkewSeconds":\#(skew),"finishesAfterSeconds":3600"#,
      state: "inFlight")
    let ended = try await run.start(["--in-flight", "skip", "--progress", "none"]).result()
    #expect(ended.status == 3, "\(ended.output)\(ended.error)")
    #expect(try await run.cancels().isEmpty)
    let stuck = try await SteeredRun(
      count: 1, extra: #","clockSkewSeconds":\#(skew)"#, state: "stalled")
    let freed = try await stuck.start(["--in-flight", "skip", "--progress", "none"]).result()
    #expect(freed.status == 0, "\(freed.output)\(freed.error)")
    #expect(try await stuck.cancels().count == 1)
  }

  // MARK: Kills

  @Test func `killed again and again runs repeat nothing and lose nothing`() async throws {
    let python = try #require(Program.foreign("python3"))
    let rotactl = try #require(Program.rotactl)
    let home = try TemporaryDirectory()
    let soak = try await python.run(
      [
        Conformance.repositoryRoot + "/Tests/Soak/kills.py", "16", "--binary", rotactl.path,
        "--secrets", "6",
      ], environment: Program.environment(home: home.path))
    #expect(soak.status == 0, "\(soak.error)")
    #expect(soak.output.hasPrefix("16 kills"), "\(soak.output)")
  }
}
