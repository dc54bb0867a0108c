import RotationCore
import Testing

/// Judged by what the AWS CLI's parser of timestamps makes of the same text, and by Smithy.
@Suite struct TimestampTable {
  /// Forms that the CLI's general parser of dates takes and no service writes.
  ///
  /// A form that could be a slip must not become an expiry: it counts as unreadable.
  private static let refused: Set<String> = [
    // Parts left out, which the CLI takes from today.
    "2099-01", "12:00", "Oct 2 2002", "99-01-01T00:00:00Z",
    // Parts without their zeros, and other separators.
    "2099-01-01T0:0:0Z", "2099-1-1T00:00:00Z", "2099/01/01 00:00:00",
    "2099-01-01T00:00:00+1", "2099-01-01T00:00:00+1:00", "1_222",
    // A zone that the CLI does not know either and takes for UTC.
    "2099-01-01T00:00:00EST",
    // The obsolete dates of RFC 850 and of C.
    "Wed, 02-Oct-02 13:00:00 GMT", "Wednesday, 02-Oct-02 13:00:00 GMT", "Wed Oct  2 13:00:00 2002",
  ]

  @Test func `a time is read as by the CLI`() throws {
    let cases = try Fixture.json("timestamps.json").array ?? []
    for test in cases {
      let text = test.array?[0].string ?? ""
      let wanted = test.array?.count == 2 ? test.array?[1].int : nil
      let ours = Timestamp(parsing: text).map { Int($0.milliseconds) }
      guard !Self.refused.contains(text) else {
        #expect(ours == nil && wanted != nil, "\(text)")
        continue
      }
      #expect(ours == wanted, "\(text)")
    }
    #expect(cases.count > 110)
  }

  @Test(.enabled(if: ConformanceFiles.isThere, "the shared conformance data is not here"))
  func `the recorded answers of the CLI's parser are given`() throws {
    let file = try ConformanceFiles.json("date-time-formats/awscli-parse-timestamp.json")
    var run = 0
    for test in file["cases"]?.array ?? [] {
      let number = test["in"]?.double
      let text = test["in"]?.string
      let ours = text.map { Timestamp(parsing: $0) } ?? number.map { Timestamp(epochSeconds: $0) }
      let wanted = test["botocore_parse_timestamp"]?["utc"]?.string
      #expect((ours ?? nil) == wanted.flatMap { Timestamp(iso8601: $0) }, "\(text ?? "")")
      #expect(((ours ?? nil) == nil) == (wanted == nil), "\(text ?? "")")
      run += 1
    }
    #expect(run == 20)
  }

  private func suite(_ section: String) throws -> [JSONValue] {
    let file = try ConformanceFiles.json("date-time-formats/date_time_format_test_suite.json")
    return file[section]?.array ?? []
  }

  /// The milliseconds of a case, cut towards the past.
  private func milliseconds(_ test: JSONValue) -> Int? {
    guard let seconds = Int(test["canonical_seconds"]?.string ?? "") else { return nil }
    let nanoseconds = test["canonical_nanos"]?.int ?? 0
    return seconds * 1000 + nanoseconds / 1_000_000
  }

  /// RFC 822 and epoch numbers are only read, so Smithy's other two sections of writing do not
  /// apply.
  @Test(
    .enabled(if: ConformanceFiles.isThere, "the shared conformance data is not here"),
    arguments: ["parse_date_time", "parse_http_date", "parse_epoch_seconds"])
  func `Smithy's cases of reading are read`(_ section: String) throws {
    let cases = try suite(section)
    var beyond = 0
    for test in cases {
      let text = test["smithy_format_value"]?.string ?? ""
      let ours = Timestamp(parsing: text).map { Int($0.milliseconds) }
      if section == "parse_epoch_seconds" {
        guard let seconds = Double(text), seconds >= -62_135_596_800 else {
          // As in the CLI, a time is in the years 1 to 9999.
          #expect(ours == nil, "\(text)")
          beyond += 1
          continue
        }
        #expect(ours == Int((seconds * 1000).rounded()), "\(text)")
      } else {
        #expect(ours == milliseconds(test), "\(text)")
      }
    }
    #expect(cases.count == (section == "parse_epoch_seconds" ? 122 : 86))
    #expect(beyond == (section == "parse_epoch_seconds" ? 36 : 0), "\(beyond)")
  }

  @Test(.enabled(if: ConformanceFiles.isThere, "the shared conformance data is not here"))
  func `Smithy's cases of writing are written with milliseconds`() throws {
    var run = 0
    for test in try suite("format_date_time") {
      guard test["error"]?.bool == false, let time = milliseconds(test) else { continue }
      run += 1
      let written = test["smithy_format_value"]?.string ?? ""
      let parts = written.dropLast().split(separator: ".")
      let fraction = parts.count == 2 ? String(parts[1].prefix(3)) : ""
      let padded = fraction + String(repeating: "0", count: 3 - fraction.count)
      #expect(Timestamp(milliseconds: Int64(time)).iso8601 == "\(parts[0]).\(padded)Z")
    }
    #expect(run == 86, "\(run)")
  }
}
