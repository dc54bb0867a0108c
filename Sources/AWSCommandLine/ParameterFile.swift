internal import Glibc
internal import JMESPath
internal import RotationCore

/// A file that cannot be read: the system's number for the reason.
package struct FileProblem: Error, Sendable, Hashable {
  package let number: Int32
  package init(number: Int32) { self.number = number }
}

/// Values that stand in files: `file://` for text, `fileb://` for bytes.
struct ParameterFile {
  let environment: CommandEnvironment

  /// The file's content where the value names a file; nil for any other value.
  func content(of value: String, parameter: String) throws(CommandFailure) -> LooseValue? {
    for (prefix, isText) in [("file://", true), ("fileb://", false)] {
      guard value.utf8.starts(with: prefix.utf8) else { continue }
      let path = expand(String(decoding: value.utf8.dropFirst(prefix.utf8.count), as: UTF8.self))
      return try read(path, named: value, isText: isText, parameter: parameter)
    }
    return nil
  }

  private func read(
    _ path: String, named: String, isText: Bool, parameter: String
  ) throws(CommandFailure) -> LooseValue {
    let bytes: [UInt8]
    do throws(FileProblem) {
      bytes = try environment.readFile(path)
    } catch {
      let reason = String(cString: strerror(error.number))
      throw problem(
        parameter,
        "Unable to load paramfile \(named): [Errno \(error.number)] \(reason): "
          + DisplayText.nested(.string(path)))
    }
    guard isText else { return .bytes(bytes) }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw problem(
        parameter,
        "Unable to load paramfile (\(path)), text contents could not be decoded.  If this is a "
          + "binary file, please use the fileb:// prefix instead of the file:// prefix.")
    }
    return .json(.string(withPlainNewlines(text)))
  }

  private func problem(_ parameter: String, _ message: String) -> CommandFailure {
    CommandFailure(parameter: "Error parsing parameter '\(parameter)': \(message)")
  }

  /// Reading as text turns every kind of line end into one.
  private func withPlainNewlines(_ text: String) -> String {
    guard text.utf8.contains(UInt8(ascii: "\r")) else { return text }
    var bytes: [UInt8] = []
    var wasReturn = false
    for byte in text.utf8 {
      if byte == UInt8(ascii: "\n"), wasReturn {
        wasReturn = false
        continue
      }
      wasReturn = byte == UInt8(ascii: "\r")
      bytes.append(wasReturn ? UInt8(ascii: "\n") : byte)
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The home folder for a leading `~`, then variables; unknown ones stay as they are.
  private func expand(_ path: String) -> String {
    expandVariables(expandHome(path))
  }

  private func expandHome(_ path: String) -> String {
    guard path.utf8.first == UInt8(ascii: "~") else { return path }
    let (head, tail) = path.splitOnce(at: "/")
    let user = String(head.dropFirst())
    let known = user.isEmpty ? environment.variables["HOME"] : environment.homeOfUser(user)
    guard var home = known else { return path }
    while home.hasSuffix("/") { home.removeLast() }
    let full = home + (tail.map { "/" + $0 } ?? "")
    return full.isEmpty ? "/" : full
  }

  private func expandVariables(_ path: String) -> String {
    var result = String.UnicodeScalarView()
    var rest = path.unicodeScalars[...]
    while let scalar = rest.first {
      if scalar == "$", let (name, length) = variable(after: rest.dropFirst()),
        let value = environment.variables[name]
      {
        result.append(contentsOf: value.unicodeScalars)
        rest = rest.dropFirst(1 + length)
      } else {
        result.append(scalar)
        rest = rest.dropFirst()
      }
    }
    return String(result)
  }

  private func variable(after text: Substring.UnicodeScalarView) -> (String, Int)? {
    if text.first == "{" {
      guard let end = text.firstIndex(of: "}") else { return nil }
      let name = text[text.index(after: text.startIndex)..<end]
      return (String(name), name.count + 2)
    }
    let name = text.prefix {
      $0.isASCII
        && ($0 == "_" || $0.properties.isAlphabetic
          || $0.properties.numericType == .decimal)
    }
    return name.isEmpty ? nil : (String(name), name.count)
  }
}
