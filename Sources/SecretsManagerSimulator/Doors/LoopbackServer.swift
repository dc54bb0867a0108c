internal import Locking
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
package import RotationCore

/// Why the simulator could not be opened.
package struct LoopbackError: Error, Sendable, Hashable {
  /// What is wrong, a sentence without a final stop.
  package let what: String
}

/// The simulator on a socket: HTTP/1.1 on 127.0.0.1 and nowhere else, for any AWS client.
///
/// One server plays every account and region. The account follows from the access key id, region
/// and service from the credential scope of each request's signature.
package final class LoopbackServer: Sendable {
  package let scenario: Scenario
  package let port: Int
  private let service: Locked<SimulatedService>
  private let clock: @Sendable () -> Timestamp
  private let channel: any Channel
  private let group: MultiThreadedEventLoopGroup

  private init(
    scenario: Scenario, port: Int, service: Locked<SimulatedService>,
    clock: @escaping @Sendable () -> Timestamp, channel: any Channel,
    group: MultiThreadedEventLoopGroup
  ) {
    self.scenario = scenario
    self.port = port
    self.service = service
    self.clock = clock
    self.channel = channel
    self.group = group
  }

  /// Opens the server; ``stop()`` must be called in the end.
  ///
  /// Port 0 stands for any free one. The clock tells the true time, to which the scenario's skew
  /// is added.
  package static func start(
    scenario: Scenario, port: Int = 0,
    clock: @escaping @Sendable () -> Timestamp = SystemTime.now
  ) async throws(LoopbackError) -> LoopbackServer {
    let service = Locked(SimulatedService(scenario: scenario, started: clock()))
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    do {
      let channel = try await ServerBootstrap(group: group)
        .serverChannelOption(.backlog, value: 1024)
        .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
        .childChannelOption(.socketOption(.tcp_nodelay), value: 1)
        .childChannelInitializer { channel in
          channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.configureHTTPServerPipeline(
              withErrorHandling: true)
            try channel.pipeline.syncOperations.addHandler(
              ConnectionHandler { message in service.with { $0.reply(to: message, now: clock()) } })
          }
        }
        .bind(host: "127.0.0.1", port: port).get()
      guard let bound = channel.localAddress?.port else {
        try await channel.close()
        throw LoopbackError(what: "the socket has no port")
      }
      return LoopbackServer(
        scenario: scenario, port: bound, service: service, clock: clock, channel: channel,
        group: group)
    } catch {
      try? await group.shutdownGracefully()
      throw LoopbackError(what: "cannot listen on 127.0.0.1:\(port): \(error)")
    }
  }

  /// `http://127.0.0.1:PORT`, without a slash at the end.
  package var endpointURL: String { "http://127.0.0.1:\(port)" }

  /// Closes the socket and every connection.
  package func stop() async {
    try? await channel.close()
    try? await group.shutdownGracefully()
  }

  /// Every request so far.
  package var calls: [CallRecord] { service.with { $0.log.records } }

  /// Every secret as it truly is.
  package var secrets: [SimulatedSecret] {
    service.with { $0.secrets(now: $0.serviceTime(clock())) }
  }

  /// Requests, refusals for rate, and peaks, by account, region and quota group.
  package var usage: [Quota.Key: Quota.Usage] { service.with { $0.quota.usage } }

  /// The text of a config file whose profiles lead here.
  package var awsConfigText: String { scenario.awsConfigText(endpoint: endpointURL) }

  /// The text of the credentials file that goes with it.
  package var awsCredentialsText: String { scenario.awsCredentialsText() }
}
