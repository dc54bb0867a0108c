internal import CCurl
internal import Glibc

/// A command that is run for what it prints: no shell, its own process group, bounded in output
/// and time.
struct ChildProcess: Sendable {
  /// How the command came to its end.
  enum End: Sendable, Hashable {
    case exited(Int32)
    /// The number of the signal.
    case signalled(Int32)
    /// `errno`: the command did not begin.
    case notStarted(Int32)
    /// It was killed for taking too long.
    case timedOut
    /// It was killed for printing more than ``ChildProcess/maximumOutputBytes``.
    case printedTooMuch
  }

  struct Outcome: Sendable, Hashable {
    var end: End
    var output: [UInt8] = []
    /// The last of what it wrote to its standard error.
    var complaint: [UInt8] = []
  }

  static let maximumOutputBytes = 1 << 20
  static let maximumComplaintBytes = 4096

  /// The program, looked for in PATH, and its arguments; not empty.
  let words: [String]
  let environment: [String: String]
  let limitSeconds: Double
  /// Whether the command leads a process group, so that its children can be ended with it.
  ///
  /// A group in the background may not read from the terminal, so that a command which asks a
  /// person for a code must stay in ours.
  let leadsGroup: Bool

  /// Whether this process has a terminal on which a command could ask.
  static var hasTerminal: Bool {
    let descriptor = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC)
    guard descriptor >= 0 else { return false }
    close(descriptor)
    return true
  }

  /// Runs the command on a thread of its own, since all waiting here is done by the kernel.
  ///
  /// Returns when the command has ended, even if a child of its own still holds the pipes.
  func run() async -> Outcome {
    await withCheckedContinuation { continuation in
      let job = Unmanaged.passRetained(Job { continuation.resume(returning: runHere()) })
      var attributes = pthread_attr_t()
      pthread_attr_init(&attributes)
      pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
      defer { pthread_attr_destroy(&attributes) }
      var thread = pthread_t()
      let code = pthread_create(
        &thread, &attributes,
        { context in
          guard let context else { return nil }
          Unmanaged<Job>.fromOpaque(context).takeRetainedValue().body()
          return nil
        }, job.toOpaque())
      if code != 0 {
        job.release()
        continuation.resume(returning: Outcome(end: .notStarted(code)))
      }
    }
  }

  private final class Job: Sendable {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }

  private func runHere() -> Outcome {
    guard let output = Pipe() else { return Outcome(end: .notStarted(errno)) }
    defer { output.close() }
    guard let complaint = Pipe() else { return Outcome(end: .notStarted(errno)) }
    defer { complaint.close() }
    var child: pid_t = 0
    let code = SpawnSetup(output: output.writing, complaint: complaint.writing, leads: leadsGroup)
      .spawn(words, environment, &child)
    guard code == 0 else { return Outcome(end: .notStarted(code)) }
    output.closeWriting()
    complaint.closeWriting()
    var watch = ChildWatch(
      child: child, group: leadsGroup, deadline: ChildWatch.now() + limitSeconds,
      output: output.reading, complaint: complaint.reading)
    return watch.finish()
  }
}

/// Two connected descriptors, above the standard ones and closed on exec.
private final class Pipe {
  private(set) var reading: Int32 = -1
  private(set) var writing: Int32 = -1

  /// Nil with `errno` when there are no descriptors left.
  init?() {
    var ends: [Int32] = [-1, -1]
    guard pipe2(&ends, O_CLOEXEC) == 0 else { return nil }
    // A process started without standard streams gets their numbers here.
    for index in 0..<2 where ends[index] <= 2 {
      let raised = fcntl(ends[index], F_DUPFD_CLOEXEC, 3)
      let code = errno
      Glibc.close(ends[index])
      ends[index] = raised
      if raised < 0 {
        Glibc.close(ends[1 - index])
        errno = code
        return nil
      }
    }
    (reading, writing) = (ends[0], ends[1])
    _ = fcntl(reading, F_SETFL, O_NONBLOCK)
  }

  func closeWriting() {
    if writing >= 0 { Glibc.close(writing) }
    writing = -1
  }

  func close() {
    closeWriting()
    if reading >= 0 { Glibc.close(reading) }
    reading = -1
  }
}

/// What the child is given: standard input as ours, two pipes, plain signals, nothing else.
private struct SpawnSetup {
  let output: Int32
  let complaint: Int32
  let leads: Bool

  /// - Returns: 0, or the `errno` of what went wrong.
  func spawn(
    _ words: [String], _ environment: [String: String], _ child: inout pid_t
  ) -> Int32 {
    guard let program = words.first else { return ENOENT }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, output, 1)
    posix_spawn_file_actions_adddup2(&actions, complaint, 2)
    // Descriptors that some library opened without close-on-exec.
    posix_spawn_file_actions_addclosefrom_np(&actions, 3)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    prepare(&attributes)
    var arguments = words.map { strdup($0) } + [nil]
    var variables = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for text in arguments + variables { free(text) } }
    return posix_spawnp(&child, program, &actions, &attributes, &arguments, &variables)
  }

  private func prepare(_ attributes: inout posix_spawnattr_t) {
    var flags = Int32(POSIX_SPAWN_SETSIGMASK) | Int32(POSIX_SPAWN_SETSIGDEF)
    if leads {
      flags |= Int32(POSIX_SPAWN_SETPGROUP)
      posix_spawnattr_setpgroup(&attributes, 0)
    }
    posix_spawnattr_setflags(&attributes, Int16(flags))
    var mask = sigset_t()
    sigemptyset(&mask)
    posix_spawnattr_setsigmask(&attributes, &mask)
    // Ignored signals would stay ignored in the child.
    for number in [SIGINT, SIGQUIT, SIGPIPE, SIGTERM] { sigaddset(&mask, number) }
    posix_spawnattr_setsigdefault(&attributes, &mask)
  }
}

/// Reads both pipes of a running child until it ends or has to be ended, and reaps it.
private struct ChildWatch {
  let child: pid_t
  let group: Bool
  /// By the clock of ``now()``.
  let deadline: Double
  /// The reading ends; -1 after their end.
  var output: Int32
  var complaint: Int32

  /// The child's end is looked for this often while its pipes are silent.
  private static let lookMilliseconds: Int32 = 20

  private var outcome = ChildProcess.Outcome(end: .timedOut)
  private var buffer = [UInt8](repeating: 0, count: 64 << 10)

  init(child: pid_t, group: Bool, deadline: Double, output: Int32, complaint: Int32) {
    self.child = child
    self.group = group
    self.deadline = deadline
    self.output = output
    self.complaint = complaint
  }

  /// Seconds of the monotonic clock.
  static func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  mutating func finish() -> ChildProcess.Outcome {
    while true {
      // Looked at before the pipes are emptied, so that nothing of an ended child is missed.
      let hasEnded = hasChildEnded()
      drain()
      if outcome.output.count > ChildProcess.maximumOutputBytes { return end(.printedTooMuch) }
      if hasEnded { return end(nil) }
      if ChildWatch.now() >= deadline { return end(.timedOut) }
      wait()
    }
  }

  private func hasChildEnded() -> Bool {
    var information = siginfo_t()
    // The child stays a zombie, so that its number cannot go to another process.
    let code = waitid(P_PID, id_t(child), &information, WEXITED | WNOHANG | WNOWAIT)
    return code != 0 ? errno != EINTR : information.si_signo != 0
  }

  private func wait() {
    var entries = [output, complaint].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
    poll(&entries, nfds_t(entries.count), ChildWatch.lookMilliseconds)
  }

  /// Reads what is there now.
  private mutating func drain() {
    let printed = take(output)
    outcome.output += printed.bytes
    if printed.isAtEnd { output = -1 }
    let complained = take(complaint)
    outcome.complaint = Array(
      (outcome.complaint + complained.bytes).suffix(ChildProcess.maximumComplaintBytes))
    if complained.isAtEnd { complaint = -1 }
  }

  /// What a pipe holds, up to more than a pipe can hold, since others may go on writing.
  private mutating func take(_ descriptor: Int32) -> (bytes: [UInt8], isAtEnd: Bool) {
    guard descriptor >= 0 else { return ([], true) }
    var bytes: [UInt8] = []
    while bytes.count <= ChildProcess.maximumOutputBytes {
      let count = Glibc.read(descriptor, &buffer, buffer.count)
      if count == 0 { return (bytes, true) }
      if count < 0 {
        if errno == EINTR { continue }
        return (bytes, errno != EAGAIN)
      }
      bytes += buffer[..<count]
    }
    return (bytes, false)
  }

  /// Ends the child where `reason` says why, and reaps it.
  private mutating func end(_ reason: ChildProcess.End?) -> ChildProcess.Outcome {
    if reason != nil { kill(group ? -child : child, SIGKILL) }
    var status: Int32 = 0
    while waitpid(child, &status, 0) < 0, errno == EINTR {}
    let signal = status & 0x7F
    outcome.end = reason ?? (signal == 0 ? .exited(status >> 8 & 0xFF) : .signalled(signal))
    return outcome
  }
}
