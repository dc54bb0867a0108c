import RotationCore
import SecretsManagerClient
import Testing

/// The transport against real sockets of 127.0.0.1.
@Suite struct Transport {
  private func request(
    _ url: String, body: String = "{}", trust: CertificateTrust = .system
  ) -> HTTPRequest {
    HTTPRequest(
      url: url, headers: [HTTPHeader("Content-Type", "application/x-amz-json-1.1")],
      body: Array(body.utf8), trust: trust)
  }

  private func failure(
    of result: Result<HTTPResponse, TransportFailure>
  ) throws -> TransportFailure {
    switch result {
    case .success(let response):
      Issue.record("an answer came: \(response.status)")
      throw ScriptedServer.SetupError()
    case .failure(let failure): return failure
    }
  }

  @Test func `a kept connection serves one exchange after another`() async throws {
    let server = try ScriptedServer { request in .json(#"{"echo":"\#(request.body)"}"#) }
    defer { server.stop() }
    let transport = try CurlTransport()
    for number in 0..<20 {
      let response = try await transport.exchange(request(server.url, body: "\(number)")).get()
      #expect(response.status == 200)
      #expect(String(decoding: response.body, as: UTF8.self) == #"{"echo":"\#(number)"}"#)
      #expect(response.header("CONTENT-type") == "application/x-amz-json-1.1")
    }
    #expect(server.acceptedConnections == 1)
    transport.shutdown()
  }

  @Test func `a request that left on a kept connection leaves doubt though no new one is made`()
    async throws
  {
    let server = try ScriptedServer { $0.body == "first" ? .json("{}") : .vanish }
    defer { server.stop() }
    let transport = try CurlTransport()
    _ = try await transport.exchange(request(server.url, body: "first")).get()
    let lost = try failure(of: await transport.exchange(request(server.url, body: "second")))
    #expect(server.requests.map(\.body) == ["first", "second"])
    #expect(lost.kind == .lost && lost.code == "ConnectionClosedError")
    let never = try failure(of: await transport.exchange(request(server.url, body: "third")))
    #expect(never.kind == .connect && never.code == "EndpointConnectionError")
    transport.shutdown()
  }

  @Test func `an exchange is one request though its kept connection ends without an answer`()
    async throws
  {
    let server = try ScriptedServer { request in
      switch request.body {
      case "first", "third": .json("{}")
      default: .bytesThenClose("")
      }
    }
    defer { server.stop() }
    let transport = try CurlTransport()
    _ = try await transport.exchange(request(server.url, body: "first")).get()
    let lost = try failure(of: await transport.exchange(request(server.url, body: "second")))
    #expect(lost.kind == .lost && lost.code == "ConnectionClosedError")
    #expect(server.requests.map(\.body) == ["first", "second"])
    _ = try await transport.exchange(request(server.url, body: "third")).get()
    #expect(server.requests.map(\.body) == ["first", "second", "third"])
    transport.shutdown()
  }

  @Test func `tasks run on the transport's thread, and elsewhere once it is gone`() async throws {
    let server = try ScriptedServer { request in .json(#"{"echo":"\#(request.body)"}"#) }
    defer { server.stop() }
    let transport = try CurlTransport()
    let answers = await withTaskExecutorPreference(transport.executor) {
      await withTaskGroup(of: Int?.self) { group in
        for number in 0..<50 {
          group.addTask {
            try? await transport.exchange(request(server.url, body: "\(number)")).get().status
          }
        }
        return await group.reduce(into: []) { $0.append($1) }
      }
    }
    #expect(answers == Array(repeating: 200, count: 50))
    let last = await withTaskExecutorPreference(transport.executor) {
      await Task(executorPreference: globalConcurrentExecutor) { transport.shutdown() }.value
      return await transport.exchange(request(server.url))
    }
    #expect(try failure(of: last).kind == .abandoned)
  }

  @Test func `stopping a server that has vanished leaves the next one alone`() async throws {
    let gone = try ScriptedServer { _ in .vanish }
    let transport = try CurlTransport()
    _ = await transport.exchange(request(gone.url))
    while gone.isListening { await Task.yield() }
    // The next listener gets the number of the one that was closed.
    let next = try ScriptedServer { _ in .json("{}") }
    defer { next.stop() }
    gone.stop()
    #expect(try await transport.exchange(request(next.url)).get().status == 200)
  }

  @Test func `a request carries our headers and none of libcurl's own`() async throws {
    let server = try ScriptedServer { _ in .json("{}") }
    defer { server.stop() }
    let transport = try CurlTransport()
    let large = String(repeating: "a", count: 2_000_000)
    _ = try await transport.exchange(request(server.url, body: large)).get()
    let received = try #require(server.requests.first)
    #expect(received.head.hasPrefix("POST / HTTP/1.1\r\n"))
    #expect(received.header("content-type") == "application/x-amz-json-1.1")
    #expect(received.header("expect") == nil)
    #expect(received.header("accept") == nil)
    #expect(received.header("user-agent") == nil)
    #expect(received.body.utf8.count == 2_000_000)
  }

  @Test func `an empty body has a length of zero`() async throws {
    let server = try ScriptedServer { _ in .json("{}") }
    defer { server.stop() }
    let transport = try CurlTransport()
    _ = try await transport.exchange(request(server.url, body: "")).get()
    #expect(server.requests.first?.header("content-length") == "0")
  }

  @Test func `a refused connection leaves no doubt`() async throws {
    let url = "http://127.0.0.1:\(try ScriptedServer.closedPort())/"
    let transport = try CurlTransport()
    let failure = try failure(of: await transport.exchange(request(url)))
    #expect(failure.kind == .connect)
    #expect(failure.message == "Could not connect to the endpoint URL: \"\(url)\"")
  }

  @Test(arguments: [
    ScriptedAnswer.reset, .bytesThenClose(""), .bytesThenClose("HTTP/1.1 200 OK\r\nContent-Le"),
    .bytesThenClose("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{\"ARN\":"),
    .bytesThenClose("220 mail.example.com ESMTP\r\n"),
    .bytesThenClose("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"A"),
  ])
  func `an answer that breaks off is lost`(_ answer: ScriptedAnswer) async throws {
    let server = try ScriptedServer { _ in answer }
    defer { server.stop() }
    let transport = try CurlTransport()
    let failure = try failure(of: await transport.exchange(request(server.url)))
    #expect(failure.kind == .lost)
    #expect(failure.message.contains(server.url))
  }

  @Test func `a silent server ends in a read timeout`() async throws {
    let server = try ScriptedServer { _ in .stall }
    defer { server.stop() }
    var settings = TransportSettings()
    settings.readTimeoutSeconds = 1
    let transport = try CurlTransport(settings: settings)
    let failure = try failure(of: await transport.exchange(request(server.url)))
    #expect(failure.kind == .lost)
    #expect(failure.code == "ReadTimeoutError")
    #expect(failure.message == "Read timeout on endpoint URL: \"\(server.url)\"")
  }

  @Test func `an answer that comes after the time for silence comes too late`() async throws {
    let server = try ScriptedServer { _ in .late(milliseconds: 4000, "HTTP/1.1 200 OK\r\n\r\n") }
    defer { server.stop() }
    var settings = TransportSettings()
    settings.readTimeoutSeconds = 1
    let transport = try CurlTransport(settings: settings)
    let failure = try failure(of: await transport.exchange(request(server.url)))
    #expect(failure.code == "ReadTimeoutError")
  }

  @Test func `a body above the bound is lost, one at the bound is not`() async throws {
    let bound = TransportSettings.maximumBodyBytes
    let server = try ScriptedServer { request in
      let size = bound + (request.body == "over" ? 1 : 0)
      return .json(String(repeating: "x", count: size))
    }
    defer { server.stop() }
    let transport = try CurlTransport()
    let response = try await transport.exchange(request(server.url, body: "at")).get()
    #expect(response.body.count == bound)
    let failure = try failure(of: await transport.exchange(request(server.url, body: "over")))
    #expect(failure.kind == .lost)
    #expect(failure.code == "AnswerTooLarge")
  }

  @Test func `endless headers are lost`() async throws {
    let line = "X-Filler: \(String(repeating: "y", count: 1000))\r\n"
    let head = "HTTP/1.1 200 OK\r\n" + String(repeating: line, count: 100)
    let server = try ScriptedServer { _ in .bytesThenClose(head + "\r\n") }
    defer { server.stop() }
    let transport = try CurlTransport()
    let failure = try failure(of: await transport.exchange(request(server.url)))
    #expect(failure.kind == .lost)
  }

  @Test func `TLS to a plain port is a TLS failure`() async throws {
    let plain = try ImmediateSpeaker("HTTP/1.1 400 Bad Request\r\n\r\n")
    let transport = try CurlTransport()
    let url = "https://127.0.0.1:\(plain.port)/"
    let failure = try failure(of: await transport.exchange(request(url)))
    #expect(failure.kind == .tls)
    #expect(failure.message.hasPrefix("SSL validation failed for \(url) "))
  }

  @Test func `a missing CA file is a TLS failure`() async throws {
    let plain = try ImmediateSpeaker("")
    let transport = try CurlTransport()
    let failure = try failure(
      of: await transport.exchange(
        request(
          "https://127.0.0.1:\(plain.port)/", trust: .bundle(path: "/nonexistent/roots.pem"))))
    #expect(failure.kind == .tls)
  }

  @Test func `a redirect is an answer, not followed`() async throws {
    let server = try ScriptedServer { _ in
      .json("", status: "301 Moved Permanently", headers: "Location: http://127.0.0.1:1/\r\n")
    }
    defer { server.stop() }
    let transport = try CurlTransport()
    let response = try await transport.exchange(request(server.url)).get()
    #expect(response.status == 301)
    #expect(server.requests.count == 1)
  }

  @Test func `an interim answer is passed over`() async throws {
    let server = try ScriptedServer { _ in
      .bytes(
        "HTTP/1.1 100 Continue\r\nX-Early: 1\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
    }
    defer { server.stop() }
    let transport = try CurlTransport()
    let response = try await transport.exchange(request(server.url)).get()
    #expect(response.status == 200)
    #expect(response.header("x-early") == nil)
  }

  @Test func `cancelling the task ends the transfer`() async throws {
    let server = try ScriptedServer { _ in .stall }
    defer { server.stop() }
    let transport = try CurlTransport()
    let call = request(server.url)
    let task = Task { await transport.exchange(call) }
    await server.firstRequest()
    task.cancel()
    #expect(try failure(of: await task.value).kind == .abandoned)
    // A task that is cancelled already sends nothing.
    let late = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      return await transport.exchange(call)
    }
    #expect(try failure(of: await late.value).kind == .abandoned)
    #expect(server.requests.count == 1)
  }

  @Test func `shutting down abandons what is in flight and what comes later`() async throws {
    let server = try ScriptedServer { _ in .stall }
    defer { server.stop() }
    let transport = try CurlTransport()
    let call = request(server.url)
    let task = Task { await transport.exchange(call) }
    await server.firstRequest()
    transport.shutdown()
    transport.shutdown()
    #expect(try failure(of: await task.value).kind == .abandoned)
    #expect(try failure(of: await transport.exchange(call)).kind == .abandoned)
  }

  @Test func `two hundred exchanges share few connections`() async throws {
    let server = try ScriptedServer { request in .json(request.body) }
    defer { server.stop() }
    var settings = TransportSettings()
    settings.maxHostConnections = 8
    let transport = try CurlTransport(settings: settings)
    let url = server.url
    let bodies = await withTaskGroup(of: (Int, String?).self) { group in
      for number in 0..<200 {
        group.addTask {
          let request = HTTPRequest(url: url, headers: [], body: Array("\(number)".utf8))
          let response = try? await transport.exchange(request).get()
          return (number, response.map { String(decoding: $0.body, as: UTF8.self) })
        }
      }
      return await group.reduce(into: [Int: String]()) { $0[$1.0] = $1.1 }
    }
    #expect(bodies.count == 200)
    #expect(bodies.allSatisfy { "\($0.key)" == $0.value })
    #expect(server.acceptedConnections <= 8)
  }

  @Test func `a header with a line break is refused`() async throws {
    let transport = try CurlTransport()
    let bad = HTTPRequest(
      url: "http://127.0.0.1:1/", headers: [HTTPHeader("X-Token", "a\r\nX-Other: b")], body: [])
    #expect(try failure(of: await transport.exchange(bad)).code == "InvalidRequest")
  }

  @Test func `user info never shows`() {
    #expect(Redaction.withoutUserInfo("http://me:pw@proxy:3128/") == "http://proxy:3128/")
    #expect(Redaction.withoutUserInfo("http://proxy:3128/a@b") == "http://proxy:3128/a@b")
  }
}
