internal import CEdit
internal import Glibc

/// Reads lines that a person writes and edits on a terminal, through libedit.
///
/// Keys are those of Emacs, or what `~/.editrc` says. Not Sendable: one thread at a time may use
/// it, and only one editor may stand at any time, because libedit's signal handling is global.
package final class LineEditor {
  /// What a person did with the line.
  package enum Answer: Sendable, Hashable {
    case line(String)
    /// Ctrl-D on an empty line, or the terminal went away.
    case endOfInput
  }

  /// What the Tab key does to the text before the cursor.
  package struct Completion: Sendable, Hashable {
    /// How many characters (scalars) before the cursor are replaced by ``insertion``.
    package var replaced: Int
    package var insertion: String
    /// Lines to show below, such as the candidates or a hint.
    package var listing: [String]

    package init(replaced: Int = 0, insertion: String = "", listing: [String] = []) {
      self.replaced = replaced
      self.insertion = insertion
      self.listing = listing
    }
  }

  /// Given the text before the cursor and the columns of the terminal.
  package typealias Completer = (_ text: String, _ columns: Int) -> Completion

  private var library: rotactl_edit
  private let edit: OpaquePointer
  private let history: OpaquePointer
  private let streams: [UnsafeMutablePointer<FILE>]
  private let output: UnsafeMutablePointer<FILE>
  private let prompt: UnsafeMutablePointer<CChar>
  private let promptWidth: Int
  private let completer: Completer
  /// What the next line begins with; taken by the key that `readLine` presses.
  private var beginning = ""

  private static let historySize: Int32 = 500
  /// A key sequence that no terminal sends.
  private static let beginningKey = "\u{1b}[rotactl~"

  /// Opens libedit for a terminal; neither descriptor is closed, then or later.
  package init(
    prompt: String, input: Int32, output: Int32, completer: @escaping Completer
  ) throws(LineEditorError) {
    var library = rotactl_edit()
    let names = ["libedit.so.2", "libedit.so.0", "libedit.so"]
    guard names.contains(where: { rotactl_edit_open($0, &library) == 0 }) else {
      throw .libraryMissing
    }
    LineEditor.useUnicode()
    let ends = [(input, "r"), (output, "w"), (output, "w")]
    let streams = ends.compactMap { end in fdopen(fcntl(end.0, F_DUPFD_CLOEXEC, 3), end.1) }
    guard streams.count == 3,
      let edit = library.`init`("rotactl", streams[0], streams[1], streams[2]),
      let history = library.history_init()
    else {
      for stream in streams { fclose(stream) }
      throw .terminalUnusable
    }
    self.library = library
    self.edit = edit
    self.history = history
    self.streams = streams
    self.output = streams[1]
    self.prompt = strdup(prompt)
    promptWidth = prompt.unicodeScalars.count
    self.completer = completer
    configure()
  }

  deinit {
    library.end(edit)
    library.history_end(history)
    for stream in streams { fclose(stream) }
    free(prompt)
  }

  /// Lets the person write one line, which begins with a text that can be edited.
  ///
  /// Blocks the thread. A line that is not blank joins the history.
  package func readLine(beginning: String = "") -> Answer {
    editing = Unmanaged.passUnretained(self)
    defer { editing = nil }
    self.beginning = beginning
    if !beginning.isEmpty { library.push(edit, LineEditor.beginningKey) }
    var count: Int32 = 0
    guard let bytes = library.gets(edit, &count), count > 0 else {
      fputs("\n", output)
      fflush(output)
      return .endOfInput
    }
    var line = String(cString: bytes)
    while line.unicodeScalars.last == "\n" { line.unicodeScalars.removeLast() }
    if line.contains(where: { !$0.isWhitespace }) {
      _ = rotactl_edit_history_add(&library, history, line)
    }
    return .line(line)
  }

  private func configure() {
    _ = rotactl_edit_set_prompt(&library, edit, lineEditorPrompt)
    _ = rotactl_edit_set_text(&library, edit, EL_EDITOR, "emacs")
    // libedit puts the terminal right before a signal ends or stops the program.
    _ = rotactl_edit_set_int(&library, edit, EL_SIGNAL, 1)
    _ = rotactl_edit_history_size(&library, history, LineEditor.historySize)
    _ = rotactl_edit_use_history(&library, edit, history)
    _ = rotactl_edit_add_function(
      &library, edit, "rotactl-complete", "Completes the word", lineEditorComplete)
    _ = rotactl_edit_add_function(
      &library, edit, "rotactl-begin", "Begins the line", lineEditorBegin)
    let keys = [
      ("^I", "rotactl-complete"), (LineEditor.beginningKey, "rotactl-begin"),
      // What the shells' editors do and libedit's Emacs keys do not.
      ("^R", "em-inc-search-prev"), ("^W", "ed-delete-prev-word"),
      ("\u{1b}[1;5D", "ed-prev-word"), ("\u{1b}[1;5C", "em-next-word"),
    ]
    for (key, function) in keys { _ = rotactl_edit_bind(&library, edit, key, function) }
    _ = library.source(edit, nil)
  }

  /// libedit takes text apart by the locale; without one that knows UTF-8 it loses letters.
  private static func useUnicode() {
    _ = setlocale(LC_CTYPE, "")
    let name = nl_langinfo(nl_item(CODESET)).map { String(cString: $0) }
    if name != "UTF-8" { _ = setlocale(LC_CTYPE, "C.UTF-8") }
  }

  // MARK: - Keys

  fileprivate func promptText() -> UnsafeMutablePointer<CChar> { prompt }

  fileprivate func begin() -> UInt8 {
    let inserted = library.insertstr(edit, beginning)
    return UInt8(inserted == 0 ? CC_REFRESH : CC_ERROR)
  }

  fileprivate func complete() -> UInt8 {
    guard let info = library.line(edit)?.pointee, let start = info.buffer, let cursor = info.cursor,
      let end = info.lastchar
    else { return UInt8(CC_ERROR) }
    let text = LineEditor.text(start, cursor)
    let columns = self.columns
    let completion = completer(text, columns)
    if completion.replaced > 0 { library.deletestr(edit, Int32(completion.replaced)) }
    if !completion.insertion.isEmpty {
      guard library.insertstr(edit, completion.insertion) == 0 else { return UInt8(CC_ERROR) }
    }
    guard !completion.listing.isEmpty else {
      let isChanged = completion.replaced > 0 || !completion.insertion.isEmpty
      return UInt8(isChanged ? CC_REFRESH : CC_ERROR)
    }
    let length = LineEditor.text(start, end).unicodeScalars.count
    let rowsBelow =
      (promptWidth + length) / columns - (promptWidth + text.unicodeScalars.count) / columns
    let lines = [String](repeating: "", count: max(0, rowsBelow)) + [""] + completion.listing
    fputs(lines.joined(separator: "\r\n") + "\r\n", output)
    fflush(output)
    _ = rotactl_edit_set_int(&library, edit, EL_REFRESH, 0)
    return UInt8(CC_NORM)
  }

  private static func text(_ start: UnsafePointer<CChar>, _ end: UnsafePointer<CChar>) -> String {
    let bytes = UnsafeRawBufferPointer(start: start, count: max(0, end - start))
    return String(decoding: bytes, as: UTF8.self)
  }

  private var columns: Int {
    var size = winsize()
    let isKnown = ioctl(fileno(output), UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
    return isKnown ? Int(size.ws_col) : 80
  }
}

/// The editor whose line is being written, for the callbacks of libedit.
///
/// Only the thread inside `readLine` sets it, and libedit calls back on that thread.
private nonisolated(unsafe) var editing: Unmanaged<LineEditor>?

private func lineEditorPrompt(_: OpaquePointer?) -> UnsafeMutablePointer<CChar>? {
  editing?.takeUnretainedValue().promptText()
}

private func lineEditorComplete(_: OpaquePointer?, _: Int32) -> UInt8 {
  editing?.takeUnretainedValue().complete() ?? UInt8(CC_ERROR)
}

private func lineEditorBegin(_: OpaquePointer?, _: Int32) -> UInt8 {
  editing?.takeUnretainedValue().begin() ?? UInt8(CC_ERROR)
}

/// Why no line can be edited.
package enum LineEditorError: Error, Sendable, Hashable {
  /// libedit is not installed.
  case libraryMissing
  case terminalUnusable
}
