import RotationCore
import SecretsManagerClient
import TestSupport
import Testing

/// Judged by the hosts that the AWS CLI calls and the URLs and regions that it accepts.
@Suite struct EndpointTable {
  private static func host(_ value: JSONValue, _ region: String) -> (host: String?, signed: String)
  {
    if let pair = value.array { return (pair[0].string, pair[1].string ?? "") }
    return (value.string, region)
  }

  @Test(arguments: EndpointService.allCases.filter { $0 != .s3 })
  func `every region of every partition has the CLI's host`(_ service: EndpointService) throws {
    let table = try Fixture.json("endpoints.json")
    var run = 0
    for row in table["endpoints"]?[service.rawValue]?.object?.members ?? [] {
      for (index, value) in (row.value.array ?? []).enumerated() {
        let wanted = Self.host(value, row.key)
        let at = "\(row.key) \(index)"
        // The CLI stops at an older table of endpoints, which has no names for dual stack there;
        // the rule sets and the SDKs have them.
        if value["t"]?.string == "EndpointVariantError" {
          #expect(index & 2 == 2 && row.key.contains("iso"))
          continue
        }
        run += 1
        do throws(EndpointError) {
          let ours = try Endpoint.resolve(
            service, region: row.key, fips: index & 1 == 1, dualStack: index & 2 == 2)
          #expect(ours.host == wanted.host, "\(at)")
          #expect(ours.signingRegion == wanted.signed, "\(at)")
        } catch {
          #expect(error.message == value["e"]?.string, "\(at)")
        }
      }
    }
    #expect(run > 340)
  }

  /// The URLs that this tool refuses and the CLI takes, with the reason.
  private static let refused: [String: [String]] = [
    "a zone belongs to this machine's interfaces, and to no name": [
      "http://[fe80::1%25eth0]/", "http://[fe80::1%eth0]/",
    ],
    "nothing may stand between the bracket and the port": ["http://[::1]x/"],
    "no server has this port": ["http://h:0"],
    "a user in a URL would be sent to nobody and end in records": [
      "http://u:p@h/", "http://u@h", "http://@h", "http://h\\@x",
    ],
    "the path of a request cannot hold these as they are": [
      "http://h/a b", "http://h/\u{7F}", "http://h/\0",
    ],
    "a call has no query and no fragment of the caller's": [
      "http://h/?q", "http://h?q", "http://h/?", "http://h/#f", "http://h#", "http://h/p?q#f",
      "http://h?[",
    ],
    "only http and https are spoken": ["ftp://h", "s3://h", "http+unix://h", "a-b://h"],
    "a scheme must be named; the CLI refuses it as an option, too": ["//h"],
    "the Kelvin sign and the long s are letters only when case is ignored": [
      "http://\u{17F}.com", "http://\u{212A}.com",
    ],
  ]

  @Test func `a URL is accepted and refused as by the CLI`() throws {
    let cases = try Fixture.json("endpoints.json")["urls"]?.array ?? []
    for test in cases {
      let url = test["u"]?.string ?? ""
      do throws(EndpointError) {
        let ours = try Endpoint(url: url, signingRegion: "eu-west-1")
        #expect(test["r"] != nil, "accepted: \(url)")
        guard test["r"] != nil else { continue }
        let path = test["r"]?.string?.split(separator: "/", maxSplits: 2)
        #expect(ours.path == "/" + (path?.count == 3 ? String(path?[2] ?? "") : ""), "\(url)")
        #expect(ours.host == test["h"]?.string, "\(url)")
      } catch {
        if Self.refused.values.contains(where: { $0.contains(url) }) {
          #expect(test["r"] != nil, "\(url)")
          continue
        }
        // The CLI's sentence holds the user and the password.
        if url.contains("@") {
          #expect(error.message.contains("***@") && !error.message.contains("pa[ss"))
          continue
        }
        #expect(error.message == (test["o"] ?? test["e"])?.string, "refused: \(url)")
      }
    }
    #expect(cases.count > 100)
  }

  /// The texts that this tool refuses as a region and the CLI takes, with the reason.
  private static let refusedRegions: [String: String] = [
    "": "an empty label makes no host name",
    "a\n": "Python's `$` also fits before a line end at the end",
    "eu-west-1\n": "the same",
  ]

  @Test func `a region is accepted and refused as by the CLI`() throws {
    let cases = try Fixture.json("endpoints.json")["regions"]?.array ?? []
    for test in cases {
      let region = test.array?[0].string ?? ""
      let isAccepted = test.array?.count == 1
      #expect(
        Endpoint.isRegion(region) == (isAccepted && Self.refusedRegions[region] == nil),
        "\(region)")
      guard !isAccepted else { continue }
      let message = EndpointError.invalidRegion(region).message
      guard region.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F }) else {
        // These could disturb a terminal, so they are not printed as they are.
        #expect(message != test.array?[1].string)
        continue
      }
      #expect(message == test.array?[1].string)
    }
    #expect(cases.count > 80)
  }
}
