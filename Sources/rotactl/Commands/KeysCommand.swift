internal import ArgumentParser
internal import Cryptography
internal import DurableFiles
internal import RotationCore

/// Keys that seal bundles.
struct KeysCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "keys",
    abstract: "Make and show the keys that sign bundles.",
    discussion: """
      EXAMPLES
        rotactl keys new seal.pem         a private key, and its public half in seal.pem.pub
        rotactl keys show seal.pem.pub    the public key and its fingerprint
      """,
    subcommands: [NewKeyCommand.self, ShowKeyCommand.self])
}

/// Makes a key.
struct NewKeyCommand: RotactlCommand {
  static let configuration = CommandConfiguration(
    commandName: "new",
    abstract: "Make an Ed25519 key pair: FILE (0600, PKCS#8 PEM) and FILE.pub.",
    discussion: """
      A passphrase is asked for on the terminal (empty for none), or taken from a file. Keep the \
      private key away from who could edit the evidence; give the public one to the auditor by \
      another way than the bundle. Files that exist are not touched.

      EXAMPLES
        rotactl keys new seal.pem
        rotactl keys new seal.pem --passphrase-file word.txt

      \(ExitStatus.helpSection)
      """)

  @Argument(help: "Where the private key goes.", completion: .file())
  var file: String
  @Option(
    help: ArgumentHelp("Holds the passphrase in its first line.", valueName: "file"),
    completion: .file())
  var passphraseFile: String?
  @Flag(help: "Do not ask for a passphrase; the key is protected by its mode alone.")
  var noPassphrase = false
  @OptionGroup(title: "Output") var output: OutputOptions

  func execute(_ process: ProcessContext) async throws -> ExitStatus {
    let settings = process.settings
    let output = try self.output.resolved(settings)
    let console = output.console(process.surroundings)
    let publicFile = file + ".pub"
    for path in [file, publicFile] where DurableFile.exists(path) {
      throw Diagnostic(
        "the file exists and is not touched", at: path, hint: "name another one", status: .usage)
    }
    let word = try await passphrase(settings, console)
    do throws(KeyError) {
      let key = try SigningKey.generate()
      let publicKey = try key.verifyingKey
      try key.write(to: file, passphrase: word)
      do throws(KeyError) { try publicKey.write(to: publicFile) } catch {
        DurableFile.remove(file)
        throw error
      }
      if word == nil { console.say("the key is not protected by a passphrase") }
      try KeyView(key: publicKey, file: publicFile).show(output, console)
    } catch {
      throw Diagnostic("the key cannot be made", because: error.what, status: .usage)
    }
    return .success
  }

  private func passphrase(_ settings: Settings, _ console: Console) async throws -> SecretBytes? {
    let path = try settings.value(passphraseFile, "passphrase-file", SettingReader.path)
    if let path { return try KeyFiles.passphrase(path) }
    guard try !settings.flag(noPassphrase, "no-passphrase"), TerminalPrompt.isPossible else {
      return nil
    }
    let (first, second) = await console.asking {
      let first = await TerminalPrompt.secret("Passphrase for the new key (empty for none): ")
      return (first, first == nil ? nil : await TerminalPrompt.secret("Once more: "))
    }
    guard let first else { return nil }
    let isSame = first.withBytes { a in
      second?.withBytes { b in a.elementsEqual(b) } ?? false
    }
    guard isSame else {
      throw Diagnostic("the two passphrases differ", hint: "run it again", status: .usage)
    }
    return first
  }
}

/// Shows the public half of a key.
struct ShowKeyCommand: RotactlCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Print a key's public half and its fingerprint.",
    discussion: """
      Reads public and private keys, in PEM or in OpenSSH's form.

      EXAMPLES
        rotactl keys show seal.pem.pub
        rotactl keys show ~/.ssh/id_ed25519 --json

      \(ExitStatus.helpSection)
      """)

  @Argument(help: "A public or private key.", completion: .file())
  var file: String
  @Option(
    help: ArgumentHelp("Holds a private key's passphrase in its first line.", valueName: "file"),
    completion: .file())
  var passphraseFile: String?
  @OptionGroup(title: "Output") var output: OutputOptions

  func execute(_ process: ProcessContext) async throws -> ExitStatus {
    let output = try self.output.resolved(process.settings)
    let console = output.console(process.surroundings)
    guard DurableFile.exists(file) else {
      throw Diagnostic("no such file", at: file, status: .usage)
    }
    let path = try process.settings.value(passphraseFile, "passphrase-file", SettingReader.path)
    let view: KeyView
    if let key = try? VerifyingKey(path: file) {
      view = KeyView(key: key, file: file)
    } else {
      let key = try await KeyFiles.signingKey(file, passphraseFile: path, console)
      do { view = KeyView(key: try key.verifyingKey, file: file) } catch {
        throw Diagnostic("the key cannot be used", at: file, because: error.what, status: .usage)
      }
    }
    do { try view.show(output, console) } catch {
      throw Diagnostic("the key cannot be shown", at: file, because: error.what, status: .usage)
    }
    return .success
  }
}

/// A public key as people and machines read it.
struct KeyView {
  let key: VerifyingKey
  /// Where it was read, or written.
  let file: String

  func show(_ output: ResolvedOutput, _ console: Console) throws(KeyError) {
    let pem = String(decoding: try key.pem(), as: UTF8.self)
    let fingerprint = try key.fingerprint
    let ssh = try key.sshFingerprint
    guard output.isJSON else {
      var text = pem
      while text.hasSuffix("\n") { text.removeLast() }
      console.result(text)
      console.result("file         \(HumanText.printable(file))")
      console.result("fingerprint  sha256:\(fingerprint)")
      console.result("ssh          \(ssh)")
      return
    }
    console.result([
      "type": "key", "version": 1, "algorithm": "Ed25519", "file": .string(file),
      "publicKey": .string(pem), "fingerprintSha256": .string(fingerprint),
      "sshFingerprint": .string(ssh),
    ])
  }
}
