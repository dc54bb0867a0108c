internal import Cryptography
internal import Glibc

/// Questions to the person at the terminal, whatever the standard streams are connected to.
enum TerminalPrompt {
  /// Asks for the code of an MFA device without showing what is typed.
  ///
  /// - Returns: nil without a terminal, at its end, or for an empty answer.
  @Sendable static func mfaCode(serial: String, profile: String) async -> String? {
    let answer = await secret("Enter MFA code for \(serial): ")
    let code = answer?.withBytes { String(decoding: $0, as: UTF8.self).filter { !$0.isWhitespace } }
    return code.flatMap { $0.isEmpty ? nil : $0 }
  }

  /// Asks for a line without showing what is typed.
  ///
  /// - Returns: nil without a terminal, at its end, or for an empty answer.
  static func secret(_ text: String) async -> SecretBytes? {
    await withCheckedContinuation { continuation in
      let thread = Question(text: text) { answer in continuation.resume(returning: answer) }
      thread.start()
    }
  }

  /// Whether there is a terminal to ask at.
  static var isPossible: Bool {
    let terminal = open("/dev/tty", O_RDWR | O_CLOEXEC)
    guard terminal >= 0 else { return false }
    defer { close(terminal) }
    return isatty(terminal) == 1
  }

  /// Reading waits for a person, so it has a thread of its own.
  private final class Question: Sendable {
    private let text: String
    private let answered: @Sendable (SecretBytes?) -> Void

    init(text: String, answered: @escaping @Sendable (SecretBytes?) -> Void) {
      self.text = text
      self.answered = answered
    }

    func start() {
      var thread = pthread_t()
      let code = pthread_create(
        &thread, nil,
        { context in
          if let context {
            let question = Unmanaged<Question>.fromOpaque(context).takeRetainedValue()
            question.answered(question.ask())
          }
          return nil
        }, Unmanaged.passRetained(self).toOpaque())
      precondition(code == 0, "no thread for a question: \(code)")
      pthread_detach(thread)
    }

    private func ask() -> SecretBytes? {
      let terminal = open("/dev/tty", O_RDWR | O_CLOEXEC)
      guard terminal >= 0 else { return nil }
      defer { close(terminal) }
      var before = termios()
      guard tcgetattr(terminal, &before) == 0 else { return nil }
      var silent = before
      silent.c_lflag &= ~tcflag_t(ECHO)
      tcsetattr(terminal, TCSAFLUSH, &silent)
      defer {
        tcsetattr(terminal, TCSAFLUSH, &before)
        CommandStreams.write(Array("\n".utf8), to: terminal)
      }
      CommandStreams.write(Array(text.utf8), to: terminal)
      var answer: [UInt8] = []
      var byte: UInt8 = 0
      answer.reserveCapacity(1024)
      while answer.count < 1024, read(terminal, &byte, 1) == 1, byte != UInt8(ascii: "\n") {
        answer.append(byte)
      }
      let word = answer.isEmpty ? nil : SecretBytes(answer)
      for index in answer.indices { answer[index] = 0 }
      return word
    }
  }
}
