import Testing

@testable import SecretsManagerClient

/// Expectations are what Python's `shlex.split` gave.
@Suite struct SplittingCommands {
  @Test(arguments: [
    ("a b", ["a", "b"]), ("a  'b c' \"d e\"", ["a", "b c", "d e"]),
    (#"a\ b "c\"d" "e\f" "g\\h" 'i\j'"#, ["a b", "c\"d", #"e\f"#, #"g\h"#, #"i\j"#]),
    ("a | b # c $HOME *", ["a", "|", "b", "#", "c", "$HOME", "*"]), ("''", [""]),
    ("a\tb\nc\r\nd", ["a", "b", "c", "d"]), (#"a"b"c"#, ["abc"]), (#"a\'b"#, ["a'b"]),
    ("x\\\ny", ["x\ny"]), ("é 'ü\r\n'", ["é", "ü\r\n"]), ("", []),
    ("e\u{301} x", ["e\u{301}", "x"]),
  ])
  func `words are split as by a POSIX shell`(_ line: String, _ words: [String]) throws {
    #expect(try CommandWords.split(line) == words)
  }

  @Test(arguments: [
    ("a 'b", "No closing quotation"), ("\"", "No closing quotation"),
    ("a \\", "No escaped character"), ("\"a\\", "No escaped character"),
  ])
  func `an open end is an error`(_ line: String, _ message: String) {
    #expect { try CommandWords.split(line) } throws: {
      ($0 as? CommandWords.Problem)?.message == message
    }
  }
}
