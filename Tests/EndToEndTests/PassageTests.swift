import Foundation
import RotationCore
import TestSupport
import Testing

/// The way to AWS: trusted and untrusted certificates, proxies, unsigned requests.
@Suite(
  .enabled(
    if: Program.rotactl != nil && Program.foreign("python3") != nil
      && Program.foreign("openssl") != nil,
    "needs the built binary, python3 and openssl: see .ci/test"))
struct PassageTests {
  /// `between.py` as a process, with the port that it listens on.
  private final class Between {
    let child: Child
    let port: String

    init(_ arguments: [String], folder: TemporaryDirectory) async throws {
      let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("Servers/between.py").path
      child = try #require(Program.foreign("python3")).start(
        [script] + arguments, environment: Program.environment(home: folder.path))
      let said = await child.output(containing: "\n")
      port = try #require(said?.split(separator: "\n").first.map(String.init))
    }

    deinit { child.signal(SIGKILL) }

    /// The request lines that a proxy got.
    var requests: [String] {
      child.outputSoFar.split(separator: "\n").dropFirst().map(String.init)
    }
  }

  private static let scenario = """
    {"schema":"rotactl.scenario/1","accounts":[{"id":"111122223333","profiles":["default"]}],
     "secrets":[{"name":"db-{n}","count":3,"regions":["us-east-1"]}]}
    """

  /// An authority and a certificate of its own for a host name or address.
  private func certificates(
    in folder: TemporaryDirectory, name: String = "IP:127.0.0.1", days: Int = 2
  ) async throws {
    let openssl = try #require(Program.foreign("openssl"))
    func run(_ arguments: [String]) async throws {
      let result = try await openssl.run(
        arguments, environment: Program.environment(home: folder.path), folder: folder.path)
      #expect(result.status == 0, "\(result.error)")
    }
    try folder.write("names.cnf", "subjectAltName=\(name)\n")
    try await run([
      "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.pem",
      "-days", "2", "-subj", "/CN=Test authority", "-addext", "basicConstraints=critical,CA:TRUE",
    ])
    try await run([
      "req", "-newkey", "rsa:2048", "-nodes", "-keyout", "server.key", "-out", "server.csr",
      "-subj", "/CN=localhost",
    ])
    try await run([
      "x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
      "-out", "server.pem", "-days", String(days), "-extfile", "names.cnf",
    ])
  }

  private func port(of simulation: Simulation) throws -> String {
    try #require(simulation.endpoint.split(separator: ":").last.map(String.init))
  }

  private func whoami(
    _ simulation: Simulation, _ arguments: [String] = [], _ more: [String: String] = [:]
  ) async throws -> Program.Result {
    // The file names the simulator's own endpoint; the tests lead elsewhere by the environment.
    try await #require(Program.rotactl).run(
      ["whoami", "--json", "--max-attempts", "1"] + arguments,
      environment: simulation.environment.merging(more) { $1 }, folder: simulation.folder.path)
  }

  @Test func `a private authority is trusted by option, variable and profile`() async throws {
    let simulation = try await Simulation(PassageTests.scenario)
    let folder = simulation.folder
    try await certificates(in: folder)
    let front = try await Between(
      ["tls", folder.path + "/server.pem", folder.path + "/server.key", try port(of: simulation)],
      folder: folder)
    let url = "https://127.0.0.1:\(front.port)"
    let authority = folder.path + "/ca.pem"
    let byOption = try await whoami(
      simulation, ["--ca-bundle", authority], ["AWS_ENDPOINT_URL": url])
    #expect(byOption.status == 0, "\(byOption.output)\(byOption.error)")
    let byVariable = try await whoami(
      simulation, [], ["AWS_ENDPOINT_URL": url, "AWS_CA_BUNDLE": authority])
    #expect(byVariable.status == 0, "\(byVariable.output)")
    let config = try String(contentsOfFile: folder.path + "/config", encoding: .utf8)
    try folder.write("config", config + "ca_bundle = \(authority)\n")
    let byProfile = try await whoami(simulation, [], ["AWS_ENDPOINT_URL": url])
    #expect(byProfile.status == 0, "\(byProfile.output)")
  }

  @Test func `an unknown authority is refused at once and named`() async throws {
    let simulation = try await Simulation(PassageTests.scenario)
    let folder = simulation.folder
    try await certificates(in: folder)
    let front = try await Between(
      ["tls", folder.path + "/server.pem", folder.path + "/server.key", try port(of: simulation)],
      folder: folder)
    let url = "https://127.0.0.1:\(front.port)"
    let refused = try await whoami(simulation, [], ["AWS_ENDPOINT_URL": url])
    #expect(refused.status == 6)
    let error = refused.records.first?["profiles"]?.array?.first?["error"]
    #expect(error?["kind"]?.string == "tls")
    #expect(error?["message"]?.string?.hasPrefix("SSL validation failed for \(url)") == true)
    #expect(error?["hint"]?.string?.contains("--ca-bundle") == true)
    #expect(try await simulation.calls().isEmpty)
    let careless = try await whoami(simulation, ["--no-verify-ssl"], ["AWS_ENDPOINT_URL": url])
    #expect(careless.status == 0)
    #expect(careless.error.contains("warning:") && careless.error.contains("not verified"))
  }

  @Test func `a certificate for another host is refused`() async throws {
    let simulation = try await Simulation(PassageTests.scenario)
    let folder = simulation.folder
    try await certificates(in: folder, name: "DNS:elsewhere.example")
    let front = try await Between(
      ["tls", folder.path + "/server.pem", folder.path + "/server.key", try port(of: simulation)],
      folder: folder)
    let refused = try await whoami(
      simulation, ["--ca-bundle", folder.path + "/ca.pem"],
      ["AWS_ENDPOINT_URL": "https://127.0.0.1:\(front.port)"])
    #expect(refused.status == 6)
    #expect(
      refused.records.first?["profiles"]?.array?.first?["error"]?["kind"]?.string == "tls")
  }

  @Test func `a server that speaks nothing newer than TLS 1 is refused`() async throws {
    let simulation = try await Simulation(PassageTests.scenario)
    let folder = simulation.folder
    try await certificates(in: folder)
    let front = try await Between(
      [
        "tls", folder.path + "/server.pem", folder.path + "/server.key",
        try port(of: simulation), "TLSv1_1",
      ], folder: folder)
    let refused = try await whoami(
      simulation, ["--ca-bundle", folder.path + "/ca.pem"],
      ["AWS_ENDPOINT_URL": "https://127.0.0.1:\(front.port)"])
    #expect(refused.status == 6)
    #expect(refused.output.contains("\"usable\":false"))
    #expect(try await simulation.calls().isEmpty)
  }

  @Test func `a missing file of authorities is named`() async throws {
    let simulation = try await Simulation(PassageTests.scenario)
    let refused = try await whoami(
      simulation, ["--ca-bundle", "/nonexistent/ca.pem"],
      ["AWS_ENDPOINT_URL": "https://127.0.0.1:\(try port(of: simulation))"])
    #expect(refused.status == 6)
    #expect(refused.output.contains("/nonexistent/ca.pem"))
    #expect(refused.output.contains("\"kind\":\"tls\""))
  }

  @Test func `a proxy is used as the variables say`() async throws {
    let simulation = try await Simulation(PassageTests.scenario)
    let proxy = try await Between(["proxy"], folder: simulation.folder)
    let address = "http://127.0.0.1:\(proxy.port)"
    for variables in [
      ["HTTP_PROXY": address], ["http_proxy": address],
      ["http_proxy": address, "HTTP_PROXY": "http://127.0.0.1:1"],
    ] {
      let before = proxy.requests.count
      let result = try await whoami(simulation, [], variables.merging(["NO_PROXY": ""]) { $1 })
      #expect(result.status == 0, "\(variables): \(result.output)")
      #expect(proxy.requests.dropFirst(before) == ["POST \(simulation.endpoint)/ HTTP/1.1"])
    }
    let before = proxy.requests.count
    for exempt in ["127.0.0.1", "*", "localhost,127.0.0.1"] {
      let direct = try await whoami(
        simulation, [], ["HTTP_PROXY": address, "NO_PROXY": exempt])
      #expect(direct.status == 0)
    }
    #expect(proxy.requests.count == before)
  }

  @Test func `TLS goes through a proxy by CONNECT`() async throws {
    let simulation = try await Simulation(PassageTests.scenario)
    let folder = simulation.folder
    try await certificates(in: folder)
    let front = try await Between(
      ["tls", folder.path + "/server.pem", folder.path + "/server.key", try port(of: simulation)],
      folder: folder)
    let proxy = try await Between(["proxy"], folder: folder)
    let result = try await whoami(
      simulation, ["--ca-bundle", folder.path + "/ca.pem"],
      [
        "AWS_ENDPOINT_URL": "https://127.0.0.1:\(front.port)", "NO_PROXY": "",
        "HTTPS_PROXY": "http://127.0.0.1:\(proxy.port)", "HTTP_PROXY": "http://127.0.0.1:1",
      ])
    #expect(result.status == 0, "\(result.output)")
    #expect(proxy.requests == ["CONNECT 127.0.0.1:\(front.port) HTTP/1.1"])
  }

  @Test func `a proxy that is not there is named`() async throws {
    let simulation = try await Simulation(PassageTests.scenario)
    let result = try await whoami(
      simulation, [], ["HTTP_PROXY": "http://127.0.0.1:1", "NO_PROXY": ""])
    #expect(result.status == 6)
    let error = result.records.first?["profiles"]?.array?.first?["error"]
    #expect(
      error?["message"]?.string == "Failed to connect to proxy URL: \"http://127.0.0.1:1\"")
  }

  @Test func `an unsigned request carries no credentials`() async throws {
    let simulation = try await Simulation(PassageTests.scenario)
    let result = try await whoami(simulation, ["--no-sign-request"])
    #expect(result.status == 6)
    let error = result.records.first?["profiles"]?.array?.first?["error"]
    #expect(error?["code"]?.string == "MissingAuthenticationToken")
  }
}
