internal import ArgumentParser
internal import Cryptography
internal import EvidenceBundle
internal import SecretsManagerClient

/// How a bundle is signed, time-stamped and kept from other eyes.
struct SealOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "An Ed25519 private key (PEM or OpenSSH); signs the bundle's SHA256SUMS.", valueName: "file"),
    completion: .file())
  var signingKey: String?

  @Option(
    help: ArgumentHelp(
      "Holds the signing key's passphrase in its first line; else it is asked for.",
      valueName: "file"), completion: .file())
  var signingKeyPassphraseFile: String?

  @Option(
    name: .customLong("timestamp-url"),
    help: ArgumentHelp(
      "A time-stamping authority (RFC 3161) that vouches for when SHA256SUMS was there.",
      valueName: "url"))
  var timestampURL: String?

  @Option(
    help: ArgumentHelp(
      "Encrypt the bundle to this certificate or public key (PEM, RSA or EC); repeatable.",
      valueName: "file"), completion: .file())
  var encryptTo: [String] = []

  @Option(
    help: ArgumentHelp(
      "Encrypt the bundle, a zip, by AES-256 under the passphrase in this file's first line.",
      valueName: "file"), completion: .file())
  var bundlePassphraseFile: String?

  func resolved(_ settings: Settings) throws(UsageProblem) -> ResolvedSeal {
    ResolvedSeal(
      signingKey: try settings.value(signingKey, "signing-key", SettingReader.path),
      signingKeyPassphraseFile: try settings.value(
        signingKeyPassphraseFile, "signing-key-passphrase-file", SettingReader.path),
      timestampURL: try settings.value(timestampURL, "timestamp-url", SettingReader.endpoint),
      proxies: settings.proxies,
      encryptTo: try settings.list(encryptTo, "encrypt-to", SettingReader.path),
      bundlePassphraseFile: try settings.value(
        bundlePassphraseFile, "bundle-passphrase-file", SettingReader.path))
  }
}

/// How a bundle is to be sealed, as paths.
struct ResolvedSeal: Sendable, Hashable {
  /// The file of the key that signs; nil does not sign.
  var signingKey: String?
  var signingKeyPassphraseFile: String?
  var timestampURL: String?
  var proxies = ProxyVariables([:])
  var encryptTo: [String] = []
  var bundlePassphraseFile: String?

  /// Reads the keys before anything is called, so that a wrong one costs nothing.
  func load(format: BundleFormat, _ console: Console) async throws -> SealTools {
    var tools = SealTools(timestampURL: timestampURL, proxies: proxies)
    if let signingKey {
      tools.signingKey = try await KeyFiles.signingKey(
        signingKey, passphraseFile: signingKeyPassphraseFile, console)
    }
    if let bundlePassphraseFile {
      guard format == .zip else {
        throw UsageProblem(
          place: "--bundle-passphrase-file", what: "only a zip can be put under a passphrase",
          hint: "add --bundle-format zip, or use --encrypt-to for the other forms")
      }
      guard encryptTo.isEmpty else {
        throw UsageProblem(
          place: "--bundle-passphrase-file", what: "it stands beside --encrypt-to",
          hint: "give one")
      }
      tools.protection = .passphrase(try KeyFiles.passphrase(bundlePassphraseFile))
    }
    if !encryptTo.isEmpty {
      var recipients: [Recipient] = []
      for file in encryptTo {
        do { recipients.append(try Recipient(path: file)) } catch {
          throw Diagnostic(
            "nothing can be encrypted to this", at: file, because: error.what, status: .usage)
        }
      }
      tools.protection = .recipients(recipients)
    }
    return tools
  }
}

/// Keys and places that a bundle is sealed with.
struct SealTools: Sendable {
  var signingKey: SigningKey?
  var timestampURL: String?
  /// On the way to the time-stamping authority.
  var proxies = ProxyVariables([:])
  var protection: BundleProtection = .open
}

/// How a bundle that not everybody can read is opened.
struct UnlockOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The private key of a recipient, for an encrypted bundle (.cms).", valueName: "file"),
    completion: .file())
  var decryptionKey: String?

  @Option(
    help: ArgumentHelp(
      "Holds the passphrase of the zip, or of the decryption key, in its first line.",
      valueName: "file"), completion: .file())
  var passphraseFile: String?

  func load(_ settings: Settings, _ console: Console) async throws -> BundleKeys {
    let keyFile = try settings.value(decryptionKey, "decryption-key", SettingReader.path)
    let file = try settings.value(passphraseFile, "passphrase-file", SettingReader.path)
    let word = try file.map { try KeyFiles.passphrase($0) }
    guard let keyFile else { return BundleKeys(passphrase: word) }
    let key = try await KeyFiles.opened(keyFile, word, console) { word throws(KeyError) in
      try OpeningKey(path: keyFile, passphrase: word)
    }
    return BundleKeys(openingKey: key, passphrase: word)
  }
}

/// Keys from files, whose passphrases come from files or from the terminal.
enum KeyFiles {
  static func signingKey(
    _ path: String, passphraseFile: String?, _ console: Console
  ) async throws -> SigningKey {
    let word = try passphraseFile.map { try passphrase($0) }
    return try await opened(path, word, console) { word throws(KeyError) in
      try SigningKey(path: path, passphrase: word)
    }
  }

  /// Opens a key, asking for its passphrase where one is needed and none was given.
  static func opened<Key: Sendable>(
    _ path: String, _ word: SecretBytes?, _ console: Console,
    _ open: (SecretBytes?) throws(KeyError) -> Key
  ) async throws -> Key {
    func refusal(_ error: KeyError) -> Diagnostic {
      Diagnostic(
        "the key cannot be used", at: path, because: error.what,
        hint: error.needsPassphrase
          ? "name a file with its passphrase, or run this at a terminal"
          : "make one with `rotactl keys new FILE`", status: .usage)
    }
    do throws(KeyError) { return try open(word) } catch {
      guard error.needsPassphrase, word == nil else { throw refusal(error) }
      let answer = await console.asking {
        await TerminalPrompt.secret("Passphrase of \(HumanText.printable(path)): ")
      }
      guard let answer else { throw refusal(error) }
      do throws(KeyError) { return try open(answer) } catch { throw refusal(error) }
    }
  }

  static func passphrase(_ path: String) throws(Diagnostic) -> SecretBytes {
    do { return try SecretBytes.passphrase(file: path) } catch {
      throw Diagnostic(
        "the passphrase cannot be used", at: path, because: error.what, status: .usage)
    }
  }
}
