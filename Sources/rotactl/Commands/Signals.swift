internal import Glibc
internal import RunEngine
internal import Synchronization

/// INT, TERM and HUP: the first one drains the run, the second one leaves at once.
///
/// A terminal that goes away (HUP) ends a run as TERM does, unless the run was started under
/// `nohup`: whoever had HUP ignored for us wants it to stay so.
///
/// The handler only writes a byte to a pipe, the one thing that is safe there; a thread reads it.
enum Signals {
  /// Written once before the handler is installed.
  private static let pipeEnd = Atomic<Int32>(-1)

  /// What is in flight at the first signal has this long to finish.
  static let drainSeconds: UInt32 = 20

  /// - Parameters:
  ///   - stop: told at the first signal.
  ///   - announce: says so to the operator, with the signal's name.
  static func drain(
    into stop: StopSignal, announce: @escaping @Sendable (String) -> Void
  ) {
    var ends: [Int32] = [0, 0]
    guard pipe(&ends) == 0 else { return }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    pipeEnd.store(ends[1], ordering: .sequentiallyConsistent)
    let reader = ends[0]
    let numbers = isIgnored(SIGHUP) ? [SIGINT, SIGTERM] : [SIGINT, SIGTERM, SIGHUP]
    for number in numbers {
      signal(number) { received in
        var byte = UInt8(truncatingIfNeeded: received)
        _ = write(Signals.pipeEnd.load(ordering: .relaxed), &byte, 1)
      }
    }
    let watcher = Watcher(reader: reader, stop: stop, announce: announce)
    var thread = pthread_t()
    let context = Unmanaged.passRetained(watcher).toOpaque()
    let code = pthread_create(
      &thread, nil,
      { context in
        if let context { Unmanaged<Watcher>.fromOpaque(context).takeRetainedValue().watch() }
        return nil
      }, context)
    if code == 0 { pthread_detach(thread) }
  }

  private static func isIgnored(_ number: Int32) -> Bool {
    var inherited = sigaction()
    guard sigaction(number, nil, &inherited) == 0 else { return false }
    let ignore = unsafeBitCast(SIG_IGN, to: Int.self)
    return unsafeBitCast(inherited.__sigaction_handler.sa_handler, to: Int.self) == ignore
  }

  private final class Watcher: Sendable {
    let reader: Int32
    let stop: StopSignal
    let announce: @Sendable (String) -> Void

    init(reader: Int32, stop: StopSignal, announce: @escaping @Sendable (String) -> Void) {
      self.reader = reader
      self.stop = stop
      self.announce = announce
    }

    func watch() {
      var byte: UInt8 = 0
      guard read(reader, &byte, 1) == 1 else { return }
      let first = Int32(byte)
      stop.stop(first == SIGINT ? .interrupt : .terminate)
      announce(Watcher.name(of: first))
      // A second signal, or a drain that takes too long, ends the process; the journal survives.
      var waiting = pollfd(fd: reader, events: Int16(POLLIN), revents: 0)
      var answer: Int32
      repeat {
        answer = poll(&waiting, 1, Int32(Signals.drainSeconds + 10) * 1000)
      } while answer < 0 && errno == EINTR
      _exit(first == SIGINT ? 130 : 143)
    }

    private static func name(of number: Int32) -> String {
      switch number {
      case SIGINT: "INT"
      case SIGHUP: "HUP"
      default: "TERM"
      }
    }
  }
}
