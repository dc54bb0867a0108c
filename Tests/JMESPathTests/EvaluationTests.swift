import JMESPath
import RotationCore
import Testing

@Suite struct EvaluationTests {
  @Test func `members keep the order in which they are written`() throws {
    #expect(try search("{z: b, a: c, m: a}", #"{"a":1,"b":2,"c":3}"#) == #"{"z":2,"a":3,"m":1}"#)
    #expect(try search("@", #"{"z":1,"a":2}"#) == #"{"z":1,"a":2}"#)
    #expect(try search("[keys(@), values(@), *]", #"{"z":1,"a":2}"#) == #"[["z","a"],[1,2],[1,2]]"#)
  }

  @Test func `a repeated member keeps its place and takes the last value`() throws {
    #expect(try search("{a: x, b: y, a: y}", #"{"x":1,"y":2}"#) == #"{"a":2,"b":2}"#)
    #expect(
      try search("merge(a, b)", #"{"a":{"p":1,"q":2},"b":{"r":3,"p":4}}"#)
        == #"{"p":4,"q":2,"r":3}"#)
    #expect(try search("[a, length(@), keys(@)]", #"{"a":1,"a":2}"#) == #"[2,1,["a"]]"#)
  }

  @Test func `the queries of the secret listing work`() throws {
    let page = """
      {"SecretList":[
        {"Name":"b","RotationEnabled":true,"RotationRules":{"AutomaticallyAfterDays":30}},
        {"Name":"a","RotationEnabled":false},
        {"Name":"c","RotationEnabled":true,"RotationRules":{"AutomaticallyAfterDays":7}}]}
      """
    #expect(
      try search("SecretList[?RotationEnabled].Name | sort(@)", page) == #"["b","c"]"#)
    #expect(
      try search("SecretList[?RotationRules.AutomaticallyAfterDays > `7`].[Name]", page)
        == #"[["b"]]"#)
    #expect(
      try search("sort_by(SecretList, &Name)[].{n: Name, on: RotationEnabled} | [0]", page)
        == #"{"n":"a","on":false}"#)
    #expect(try search("length(SecretList[?!RotationEnabled])", page) == "1")
  }

  /// Expressions without a document, and their results.
  static let numbers: [(expression: String, result: String)] = [
    ("`12345678901234567890123`", "12345678901234567890123"),
    ("`1.50`", "1.50"),
    ("to_string(`1.50`)", #""1.5""#),
    ("`9007199254740993` == `9007199254740992`", "false"),
    ("`100000000000000000001` > `100000000000000000000`", "true"),
    ("`-100000000000000000001` < `-100000000000000000000`", "true"),
    ("`1` == `1.0`", "true"),
    ("sum(`[9007199254740993, 1]`)", "9007199254740994"),
    ("sum(`[9223372036854775807, 1]`)", "9223372036854775808"),
    ("sum(`[1, 2.0]`)", "3.0"),
    ("sum(`[1e16, -4]`)", "9999999999999996.0"),
    ("sum(`[]`)", "0"),
    ("avg(`[2, 4]`)", "3.0"),
    ("avg(`[]`)", "null"),
    ("ceil(`1.2`)", "2"),
    ("floor(`-1.2`)", "-2"),
    ("floor(`-0.0`)", "0"),
    ("ceil(`1e22`)", "10000000000000000000000"),
    ("floor(`-1e20`)", "-100000000000000000000"),
    ("abs(`-5`)", "5"),
    ("abs(`-1.50`)", "1.5"),
    ("abs(`-12345678901234567.0`)", "1.2345678901234568e+16"),
    ("abs(`0.00001`)", "1e-05"),
    ("to_number('12')", "12"),
    ("to_number(' 1e2 ')", "100.0"),
    ("to_number('-0')", "0"),
    ("to_number('0x10')", "null"),
    ("to_number('1_000')", "1000"), ("to_number('1__0')", "null"),
    ("to_number('1e999')", "1e999"),
    ("to_number('+-1')", "null"),
    ("@[99999999999999999999]", "null"),
    ("`[1,2]`[-99999999999999999999:99999999999999999999:99999999999999999999]", "[1]"),
  ]

  @Test(arguments: numbers)
  func `numbers are exact where they are whole`(expression: String, result: String) throws {
    #expect(try search(expression) == result)
  }

  @Test func `a sum beyond every number is an error`() {
    #expect(
      complaint("sum(`[1e308, 1e308]`)")
        == "In function sum(), the sum is too large for a number")
  }

  @Test func `text counts, compares and turns round by scalars`() throws {
    let composed = "\u{E9}"
    let decomposed = "e\u{301}"
    #expect(try search("'\(composed)' == '\(decomposed)'") == "false")
    #expect(try search("length('\(decomposed)')") == "2")
    #expect(try search("reverse('a\u{1F600}b')") == "\"b\u{1F600}a\"")
    #expect(try search("contains('\(decomposed)', 'e')") == "true")
    #expect(
      try search("sort(`[\"\u{1F600}\", \"\u{FFFF}\", \"z\"]`)")
        == "[\"z\",\"\u{FFFF}\",\"\u{1F600}\"]")
    let document = "{\"\(composed)\":1,\"\(decomposed)\":2}"
    #expect(try search("[\"\(composed)\", \"\(decomposed)\", length(@)]", document) == "[1,2,2]")
  }

  @Test func `to_string escapes what is not ASCII`() throws {
    #expect(
      try search("to_string(@)", "{\"k\":[\"\u{E9}\u{1F600}\\n\",null,1]}")
        == #""{\"k\":[\"\\u00e9\\ud83d\\ude00\\n\",null,1]}""#)
  }

  @Test func `a sort keeps equal elements in order and extremes take the first`() throws {
    let people = #"[{"k":2,"n":"a"},{"k":1,"n":"b"},{"k":2,"n":"c"},{"k":1,"n":"d"}]"#
    #expect(try search("sort_by(@, &k)[].n", people) == #"["b","d","a","c"]"#)
    #expect(try search("[min_by(@, &k).n, max_by(@, &k).n]", people) == #"["b","a"]"#)
  }

  @Test func `a slice behind an index is a projection`() throws {
    #expect(try search("a[0][1:].n", #"{"a":[[{"n":1},{"n":2},{"n":3}]]}"#) == "[2,3]")
  }
}
