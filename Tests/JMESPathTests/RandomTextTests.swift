import JMESPath
import RotationCore
import Testing

/// Texts made by chance, the same in every run: none may end the process.
@Suite struct RandomTextTests {
  /// SplitMix64.
  private struct Generator: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var mixed = state
      mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
      mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
      return mixed ^ (mixed >> 31)
    }
  }

  private static let words = [
    "a", "b", "\"k\"", "@", "*", ".", "[", "]", "[]", "[?", "{", "}", ":", ",", "(", ")", "|", "||",
    "&&", "&", "!", "==", "!=", "<", "<=", ">", ">=", "0", "1", "-1", "`1`", "`[1, 2.5]`", "'x'",
    "`{\"a\": null}`", "sort_by(", "map(", "max(", "sum(", "to_string(", "keys(", " ", "[*]",
    "[::-1]", "\u{E9}", "\\", "`", "'", "\"",
  ]
  private static let document: JSONValue = [
    "a": [1, 2, [3, nil], "x", ["a": 1, "b": "y"]], "b": ["a": true, "k": ["z": [], "y": 2]],
    "k": "text",
  ]

  /// An error is as good as a result, but it must describe itself.
  private func attempt(_ text: String) -> JSONValue? {
    do {
      return try JMESPathExpression(text).search(RandomTextTests.document)
    } catch {
      #expect(!error.description.isEmpty)
      return nil
    }
  }

  @Test func `random bytes are an expression or an error`() {
    var generator = Generator(state: 1)
    for _ in 0..<4_000 {
      let bytes = (0..<Int.random(in: 0...40, using: &generator)).map { _ in
        UInt8.random(in: 0...255, using: &generator)
      }
      _ = attempt(String(decoding: bytes, as: UTF8.self))
    }
  }

  @Test func `random words give the same result twice and behind a pipe`() {
    var generator = Generator(state: 2)
    var evaluated = 0
    for _ in 0..<20_000 {
      let count = Int.random(in: 1...9, using: &generator)
      let text = (0..<count).map { _ in
        RandomTextTests.words.randomElement(using: &generator) ?? ""
      }.joined()
      guard let result = attempt(text) else { continue }
      evaluated += 1
      #expect(attempt(text) == result, "\(text)")
      #expect(attempt("@ | \(text)") == result, "\(text)")
      #expect(attempt("(\(text))") == result, "\(text)")
    }
    #expect(evaluated > 500)
  }

  @Test func `reversing twice and flattening a list of one change nothing`() throws {
    var generator = Generator(state: 3)
    for _ in 0..<300 {
      let numbers = (0..<Int.random(in: 0...8, using: &generator)).map { _ in
        JSONValue(Int.random(in: -9...9, using: &generator))
      }
      let array = JSONValue.array(numbers)
      #expect(try JMESPathExpression("reverse(reverse(@))").search(array) == array)
      #expect(try JMESPathExpression("[::-1] | [::-1]").search(array) == array)
      #expect(try JMESPathExpression("[@][]").search(array) == array)
      let sorted = try JMESPathExpression("sort(@)").search(array)
      #expect(try JMESPathExpression("reverse(sort(@))[0] == max(@)").search(array) == true)
      #expect(sorted.array?.compactMap(\.int) == numbers.compactMap(\.int).sorted())
    }
  }
}
