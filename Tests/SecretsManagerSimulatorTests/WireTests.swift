import RotationCore
import SecretsManagerSimulator
import Testing

@Suite("The simulator on the wire") struct WireTests {
  var service = SimulatedService(
    scenario: SimulationFixture.scenario, started: SimulationFixture.start)

  private mutating func get(_ path: String, post body: String? = nil) -> HTTPReply {
    service.reply(
      to: HTTPMessage(
        method: body == nil ? "GET" : "POST", target: path, headers: [],
        body: Array((body ?? "").utf8)), now: SimulationFixture.start)
  }

  private func header(_ name: String, of reply: HTTPReply) -> String? {
    reply.headers.first { $0.name == name }?.value
  }

  @Test mutating func `a refusal has the body and headers of the service`() throws {
    let reply = service.reply(
      to: HTTPMessage(
        method: "POST", target: "/", headers: [("X-Amz-Target", "secretsmanager.DescribeSecret")],
        body: Array("{}".utf8)), now: SimulationFixture.start)
    #expect(reply.status == 400)
    let body = try JSONValue(parsing: reply.body)
    #expect(body.object?.keys == ["__type", "Message"])
    #expect(body["__type"]?.string == "MissingAuthenticationTokenException")
    #expect(header("Content-Type", of: reply) == "application/x-amz-json-1.1")
    #expect(header("Date", of: reply) == HTTPDate.text(SimulationFixture.start))
    let id = try #require(header("x-amzn-RequestId", of: reply))
    #expect(id.split(separator: "-").map(\.count) == [8, 4, 4, 4, 12])
    #expect(service.log.records.map(\.errorCode) == ["MissingAuthenticationTokenException"])
  }

  @Test mutating func `the simulator tells what happened`() throws {
    #expect(try JSONValue(parsing: get("/_simulator/health").body)["status"]?.string == "ok")
    let caller = SimulationFixture.scenario.accounts[0].user
    _ = service.exchange(
      ServiceRequest(
        operation: "CancelRotateSecret", input: ["SecretId": "rotating"], caller: caller,
        region: "us-east-1"), now: SimulationFixture.start)
    let calls = String(decoding: get("/_simulator/calls").body, as: UTF8.self)
    #expect(calls.hasSuffix("}\n"))
    #expect(try JSONValue(parsing: calls)["tookEffect"]?.bool == true)
    let secrets = try JSONValue(parsing: get("/_simulator/secrets").body).array ?? []
    let secret = try #require(secrets.first { $0["Name"]?.string == "rotating" })
    #expect(secret["RotationEnabled"]?.bool == false)
    #expect(secret["account"]?.string == SimulationFixture.account)
    let quotas = try JSONValue(parsing: get("/_simulator/quotas").body)
    #expect(quotas.array?.first?["peakPerSecond"]?.int == 1)
    #expect(get("/_simulator/nothing").status == 404)
  }

  @Test mutating func `a secret can be changed from outside`() throws {
    let change =
      #"{"secret":"off","account":"111122223333","region":"us-east-1","rotationEnabled":true}"#
    let changed = get("/_simulator/secrets/change", post: change)
    #expect(changed.status == 200)
    #expect(try JSONValue(parsing: changed.body)["RotationEnabled"]?.bool == true)
    let refused = get("/_simulator/secrets/change", post: #"{"secret":"x"}"#)
    #expect(refused.status == 400)
    #expect(try JSONValue(parsing: refused.body)["problems"]?.array?.count == 1)
  }
}
