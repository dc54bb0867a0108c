internal import AWSCommandLine
internal import Glibc
internal import SecretsManagerClient

/// A program that shows long output page by page, such as `less`.
struct Pager: Sendable {
  private let process: pid_t
  private let input: Int32

  /// Starts the command; its words are split as a shell splits them, and no shell runs it.
  ///
  /// `less` is told to leave short output on the screen and to keep colours, unless LESS says how
  /// it is to behave.
  ///
  /// - Returns: nil when there is no command.
  static func start(
    _ command: String?, environment: [String: String]
  ) throws(CommandFailure) -> Pager? {
    guard let command else { return nil }
    guard let words = ShellWords.split(command), let program = words.first else {
      throw CommandFailure(.pager("No closing quotation"))
    }
    var pipes: [Int32] = [0, 0]
    guard pipe(&pipes) == 0 else { throw CommandFailure(.pager(reason(errno, program))) }
    _ = fcntl(pipes[1], F_SETFD, FD_CLOEXEC)
    var variables = environment
    if variables["LESS"] == nil { variables["LESS"] = "FRX" }
    var process = pid_t()
    let code = spawn(&process, words, variables, input: pipes[0])
    close(pipes[0])
    guard code == 0 else {
      close(pipes[1])
      throw CommandFailure(.pager(reason(code, program)))
    }
    return Pager(process: process, input: pipes[1])
  }

  /// Hands the bytes over and waits until the person is done.
  func show(_ bytes: [UInt8]) {
    // Ctrl-C belongs to the pager now.
    signal(SIGINT, SIG_IGN)
    CommandStreams.write(bytes, to: input)
    close(input)
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0, errno == EINTR {}
  }

  private static func spawn(
    _ process: inout pid_t, _ words: [String], _ variables: [String: String], input: Int32
  ) -> Int32 {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO)
    posix_spawn_file_actions_addclose(&actions, input)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    // We ignore SIGPIPE; a pager must not inherit that.
    var defaults = sigset_t()
    sigemptyset(&defaults)
    sigaddset(&defaults, SIGPIPE)
    posix_spawnattr_setsigdefault(&attributes, &defaults)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF))
    let arguments = words.map { strdup($0) } + [nil]
    let environment = variables.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for text in arguments + environment { free(text) } }
    return posix_spawnp(&process, words[0], &actions, &attributes, arguments, environment)
  }

  private static func reason(_ code: Int32, _ program: String) -> String {
    "[Errno \(code)] \(String(cString: strerror(code))): '\(program)'"
  }
}
