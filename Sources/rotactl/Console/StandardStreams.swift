internal import FoundationEssentials
internal import Glibc

/// What the console needs of the process: two sinks, the terminal, and time.
struct Surroundings: Sendable {
  /// Takes bytes for standard output; false once the other side is closed.
  var writeOutput: @Sendable ([UInt8]) -> Bool
  /// Takes bytes for standard error; false once the other side is closed.
  var writeError: @Sendable ([UInt8]) -> Bool
  var outputIsTerminal: Bool
  var errorIsTerminal: Bool
  /// Columns of the terminal behind standard error, read anew for each drawing.
  var width: @Sendable () -> Int
  /// Seconds from any fixed start, never going back.
  var now: @Sendable () -> Double
  var environment: [String: String]
}

extension Surroundings {
  /// The real process.
  ///
  /// Makes a closed pipe an error of `write` where it would end the process.
  static func ofProcess() -> Surroundings {
    signal(SIGPIPE, SIG_IGN)
    StandardStreams.holdClosedDescriptors()
    let environment = ProcessInfo.processInfo.environment
    let errorIsTerminal = isatty(STDERR_FILENO) == 1
    return Surroundings(
      writeOutput: { StandardStreams.write($0, to: STDOUT_FILENO) },
      writeError: { StandardStreams.write($0, to: STDERR_FILENO) },
      outputIsTerminal: isatty(STDOUT_FILENO) == 1, errorIsTerminal: errorIsTerminal,
      width: { StandardStreams.columns(of: STDERR_FILENO) ?? 80 },
      now: { StandardStreams.monotonicSeconds() }, environment: environment)
  }
}

/// The system calls behind the console.
enum StandardStreams {
  /// Takes the place of each standard stream that the process was started without.
  ///
  /// Else the next file to be opened would get its number, and results would be written into it:
  /// a journal, a socket. Reading gives the end at once, writing fails.
  static func holdClosedDescriptors() {
    for descriptor in STDIN_FILENO...STDERR_FILENO
    where fcntl(descriptor, F_GETFD) == -1 && errno == EBADF {
      // The lowest free number is given out, and those below are taken by now. Nothing is lost
      // where this fails: then no other file can be opened either.
      _ = open("/dev/null", O_RDONLY)
    }
  }

  /// Writes everything, waiting where the descriptor does not block.
  ///
  /// - Returns: false when the bytes can never be written: closed pipe, full disk, bad descriptor.
  static func write(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
    var offset = 0
    while offset < bytes.count {
      let written = bytes.withUnsafeBytes { buffer in
        Glibc.write(descriptor, buffer.baseAddress?.advanced(by: offset), buffer.count - offset)
      }
      if written > 0 {
        offset += written
      } else if written < 0, errno == EAGAIN || errno == EWOULDBLOCK {
        var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        guard poll(&waiting, 1, -1) >= 0 || errno == EINTR else { return false }
      } else if written < 0, errno == EINTR {
        continue
      } else {
        return false
      }
    }
    return true
  }

  /// The width of a terminal; nil when the descriptor is none or does not say.
  static func columns(of descriptor: Int32) -> Int? {
    var size = winsize()
    guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
    return Int(size.ws_col)
  }

  static func monotonicSeconds() -> Double {
    var time = timespec()
    guard clock_gettime(CLOCK_MONOTONIC, &time) == 0 else { return 0 }
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  /// One line typed at the controlling terminal, without its newline, at most 200 bytes.
  ///
  /// Reads `/dev/tty`, so that a manifest on standard input cannot answer a question.
  ///
  /// - Returns: nil when there is no terminal, or its end was reached first.
  static func lineFromTerminal() -> String? {
    let descriptor = open("/dev/tty", O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var line: [UInt8] = []
    var byte: UInt8 = 0
    while line.count < 200 {
      let got = read(descriptor, &byte, 1)
      if got < 0, errno == EINTR { continue }
      guard got == 1 else { return nil }
      if byte == UInt8(ascii: "\n") { return String(decoding: line, as: UTF8.self) }
      line.append(byte)
    }
    return nil
  }

  /// Whether a question can be asked: the process has a controlling terminal and shows it text.
  static func canAsk() -> Bool {
    guard isatty(STDERR_FILENO) == 1 else { return false }
    let descriptor = open("/dev/tty", O_RDWR | O_CLOEXEC)
    guard descriptor >= 0 else { return false }
    close(descriptor)
    return true
  }
}
