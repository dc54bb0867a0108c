internal import AWSCommandLine
internal import Glibc
internal import LineEditing
internal import SecretsManagerClient

/// The interactive prompt of `--cli-auto-prompt`: a line that begins with the words of the command
/// line and completes what the AWS CLI's prompt completes.
final class AutoPrompt: @unchecked Sendable {
  // Sendable because `line` uses the editor on one thread at a time and awaits it.
  private var editor: LineEditor?
  private let settings: AWSConfiguration
  private let secrets: SecretNames

  static let prompt = "> rotactl "
  private static let greeting = "Tab completes, Enter runs the command, Ctrl-C leaves.\n"

  init(environment: [String: String], settings: AWSConfiguration) {
    self.settings = settings
    secrets = SecretNames(environment: environment, settings: settings)
  }

  /// The line that the words begin: quoted where they must be, ready for the next word.
  static func beginning(_ words: [String]) -> String {
    words.filter { $0 != "--cli-auto-prompt" }.map { PromptWords.quoted($0) + " " }.joined()
  }

  /// Lets the person write a line.
  ///
  /// - Throws: ``CommandFailure`` where no line can be edited.
  func line(_ beginning: String) async throws(CommandFailure) -> LineEditor.Answer {
    let result = await withCheckedContinuation { continuation in
      Reading(work: { continuation.resume(returning: self.read(beginning)) }).start()
    }
    return try result.get()
  }

  private func read(_ beginning: String) -> Result<LineEditor.Answer, CommandFailure> {
    do throws(LineEditorError) {
      let editor: LineEditor
      if let standing = self.editor { editor = standing } else { editor = try makeEditor() }
      self.editor = editor
      return .success(editor.readLine(beginning: beginning))
    } catch {
      switch error {
      case .libraryMissing:
        return .failure(
          CommandFailure(
            .other(
              "The interactive prompt needs the library libedit, which is not installed. Install "
                + "it (on Debian and Ubuntu the package libedit2), or leave out "
                + "--cli-auto-prompt.")))
      case .terminalUnusable:
        return .failure(CommandFailure(.other("The terminal cannot be used for a prompt.")))
      }
    }
  }

  private func makeEditor() throws(LineEditorError) -> LineEditor {
    let output = [STDOUT_FILENO, STDERR_FILENO].first { isatty($0) == 1 } ?? STDIN_FILENO
    let completer = PromptCompleter(sources: sources())
    let editor = try LineEditor(
      prompt: AutoPrompt.prompt, input: STDIN_FILENO, output: output
    ) { text, columns in
      let listing = PromptListing(completer.propose(for: text), columns: columns)
      return LineEditor.Completion(
        replaced: listing.replaced, insertion: listing.insertion, listing: listing.lines)
    }
    CommandStreams.write(Array(AutoPrompt.greeting.utf8), to: output)
    return editor
  }

  private func sources() -> PromptSources {
    PromptSources(
      profiles: { [settings] in Array(settings.profiles.keys) },
      regions: { PromptRegions.names },
      secretIDs: { [secrets] beginning, options in secrets.matching(beginning, options) },
      folder: AutoPrompt.entries)
  }

  /// The entries of a folder without `.` and `..`; a leading `~/` is the home folder.
  private static func entries(of folder: String) -> [String] {
    var path = folder
    if path.hasPrefix("~/"), let home = getenv("HOME") {
      path = String(cString: home) + path.dropFirst()
    }
    guard let listing = opendir(path) else { return [] }
    defer { closedir(listing) }
    var names: [String] = []
    while let entry = readdir(listing) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { String(cString: $0) }
      }
      guard name != ".", name != ".." else { continue }
      var status = stat()
      let isFolder = stat(path + "/" + name, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
      names.append(isFolder ? name + "/" : name)
    }
    return names
  }

  /// Reading waits for a person, so it has a thread of its own.
  private final class Reading: Sendable {
    private let work: @Sendable () -> Void

    init(work: @escaping @Sendable () -> Void) { self.work = work }

    func start() {
      var thread = pthread_t()
      let code = pthread_create(
        &thread, nil,
        { context in
          if let context { Unmanaged<Reading>.fromOpaque(context).takeRetainedValue().work() }
          return nil
        }, Unmanaged.passRetained(self).toOpaque())
      precondition(code == 0, "no thread for the prompt: \(code)")
      pthread_detach(thread)
    }
  }
}
