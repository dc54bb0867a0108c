import Glibc
import TestSupport
import Testing

@testable import SecretsManagerClient

@Suite struct RunningCommands {
  private func run(
    _ script: String, _ arguments: [String] = [], limit: Double = 600, leadsGroup: Bool = true,
    environment: [String: String] = ["PATH": "/usr/bin:/bin"]
  ) async -> ChildProcess.Outcome {
    await ChildProcess(
      words: ["/bin/sh", "-c", script, "sh"] + arguments, environment: environment,
      limitSeconds: limit, leadsGroup: leadsGroup
    ).run()
  }

  private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

  @Test(arguments: [true, false])
  func `output, complaint and status are told apart`(_ leadsGroup: Bool) async {
    let outcome = await run("printf out; printf err >&2; exit 3", leadsGroup: leadsGroup)
    #expect(outcome.end == .exited(3))
    #expect(text(outcome.output) == "out")
    #expect(text(outcome.complaint) == "err")
  }

  @Test func `ten megabytes of complaints do not stop the output`() async {
    let outcome = await run(
      "head -c 10485760 /dev/zero >&2; printf done; printf last >&2")
    #expect(outcome.end == .exited(0))
    #expect(text(outcome.output) == "done")
    #expect(outcome.complaint.count == ChildProcess.maximumComplaintBytes)
    #expect(text(outcome.complaint.suffix(5)) == "\0last")
  }

  @Test func `a mebibyte is read whole, and what prints more is killed`() async {
    let whole = await run("head -c 1048576 /dev/zero")
    #expect(whole.end == .exited(0))
    #expect(whole.output.count == 1 << 20)
    let both = await run("head -c 10485760 /dev/zero >&2 & head -c 10485760 /dev/zero; wait")
    #expect(both.end == .printedTooMuch)
    let endless = await run("yes & yes")
    #expect(endless.end == .printedTooMuch)
  }

  @Test func `a hanging command is killed with its children`() async throws {
    let folder = try TemporaryDirectory()
    let fifo = try folder.path("alive")
    try #require(mkfifo(fifo, 0o600) == 0)
    let reader = open(fifo, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    try #require(reader >= 0)
    defer { close(reader) }
    // All of them hold the writing end, so its end is the end of the last one.
    let outcome = await run(
      "exec 9>\"$1\"; echo $$; sleep 1000 & (sleep 1000 & wait) & wait", [fifo], limit: 0.5)
    #expect(outcome.end == .timedOut)
    var byte: UInt8 = 0
    while true {
      let count = read(reader, &byte, 1)
      if count == 0 { break }
      try #require(errno == EAGAIN || errno == EINTR)
      var entry = pollfd(fd: reader, events: Int16(POLLIN), revents: 0)
      poll(&entry, 1, -1)
    }
    if let child = pid_t(text(outcome.output).prefix { $0.isNumber }) {
      #expect(kill(child, 0) == -1, "it is not even left as a zombie")
    }
  }

  @Test func `a grandchild that keeps the pipes does not hold up the answer`() async throws {
    let folder = try TemporaryDirectory()
    let fifo = try folder.path("hold")
    try #require(mkfifo(fifo, 0o600) == 0)
    let holder = open(fifo, O_RDWR | O_CLOEXEC)
    try #require(holder >= 0)
    // Its `cat` ends when we let the fifo go.
    defer { close(holder) }
    let outcome = await run("cat \"$1\" & printf answer; echo oops >&2", [fifo])
    #expect(outcome.end == .exited(0))
    #expect(text(outcome.output) == "answer")
    #expect(text(outcome.complaint) == "oops\n")
  }

  @Test func `a command that closes its streams is waited for`() async {
    let outcome = await run("printf early; exec >&- 2>&-; exit 4")
    #expect(outcome.end == .exited(4))
    #expect(text(outcome.output) == "early")
  }

  @Test func `a signal is told with its number`() async {
    #expect(await run("kill -9 $$").end == .signalled(SIGKILL))
    #expect(await run("kill -PIPE $$").end == .signalled(SIGPIPE))
  }

  @Test func `signals that we ignore are not ignored by the command`() async throws {
    let ignored = await run("grep SigIgn /proc/self/status")
    let digits = text(ignored.output).split(separator: "\t").last.map {
      $0.filter { $0.isHexDigit }
    }
    let mask = try #require(UInt64(digits ?? "", radix: 16))
    for number in [SIGINT, SIGQUIT, SIGPIPE, SIGTERM] {
      #expect(mask & 1 << UInt64(number - 1) == 0)
    }
  }

  @Test func `no descriptor of ours is inherited`() async throws {
    let plain = open("/dev/null", O_RDONLY)
    try #require(plain > 2)
    defer { close(plain) }
    let outcome = await run("for f in /proc/$$/fd/*; do echo ${f##*/}; done")
    let numbers = text(outcome.output).split(separator: "\n").compactMap { Int32($0) }
    #expect(numbers.contains(1))
    #expect(!numbers.contains(plain))
  }

  @Test func `the command gets the environment that it is given`() async {
    let outcome = await run("printf %s \"$A\"; printenv HOME", environment: ["A": "b=c"])
    #expect(text(outcome.output) == "b=c")
    #expect(outcome.end == .exited(1))
  }

  @Test(arguments: [("/no/such/thing", ENOENT), ("/etc/passwd", EACCES), ("", ENOENT)])
  func `a command that cannot begin is told`(_ program: String, _ code: Int32) async {
    let child = ChildProcess(
      words: [program], environment: [:], limitSeconds: 600, leadsGroup: true)
    #expect(await child.run().end == .notStarted(code))
  }

  @Test func `many commands run side by side`() async {
    let outcomes = await withTaskGroup(of: ChildProcess.Outcome.self) { group in
      for number in 0..<40 { group.addTask { await run("echo \(number)") } }
      return await group.reduce(into: []) { $0.append($1) }
    }
    let numbers = outcomes.compactMap { Int(text($0.output).dropLast()) }.sorted()
    #expect(numbers == Array(0..<40))
  }
}
