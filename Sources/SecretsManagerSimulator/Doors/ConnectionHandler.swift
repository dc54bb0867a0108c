internal import Glibc
internal import NIOCore
internal import NIOHTTP1
internal import RotationCore

/// Gathers a request on one connection, has it answered, and sends the answer or spoils it.
///
/// Lives on its connection's event loop.
final class ConnectionHandler: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  /// Largest body that is read; a request of the service has at most a few kilobytes, a new
  /// secret's value 64 KiB.
  private static let maximumBody = 1 << 20

  private let answer: @Sendable (HTTPMessage) -> HTTPReply
  private var head: HTTPRequestHead?
  private var body: [UInt8] = []

  init(answer: @escaping @Sendable (HTTPMessage) -> HTTPReply) { self.answer = answer }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head):
      self.head = head
      body = []
    case .body(let buffer):
      body.append(contentsOf: buffer.readableBytesView)
      if body.count > ConnectionHandler.maximumBody { context.close(promise: nil) }
    case .end:
      guard let head else { return }
      self.head = nil
      let message = HTTPMessage(
        method: head.method.rawValue, target: head.uri,
        headers: head.headers.map { ($0.name, $0.value) }, body: body)
      body = []
      send(answer(message), keepAlive: head.isKeepAlive, on: context.channel)
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }

  private func send(_ reply: HTTPReply, keepAlive: Bool, on channel: any Channel) {
    guard reply.delayMilliseconds > 0 else {
      ConnectionHandler.write(reply, keepAlive: keepAlive, to: channel)
      return
    }
    channel.eventLoop.scheduleTask(in: .milliseconds(Int64(reply.delayMilliseconds))) {
      ConnectionHandler.write(reply, keepAlive: keepAlive, to: channel)
    }
  }

  private static func write(_ reply: HTTPReply, keepAlive: Bool, to channel: any Channel) {
    switch reply.delivery {
    case .reset:
      reset(channel)
      return
    case .silence: return
    case .whole, .cut, .garbage, .html: break
    }
    var headers = HTTPHeaders(reply.headers.map { ($0.name, $0.value) })
    headers.add(name: "Content-Length", value: String(reply.body.count))
    headers.add(name: "Connection", value: keepAlive ? "keep-alive" : "close")
    let head = HTTPResponseHead(
      version: .http1_1, status: HTTPResponseStatus(statusCode: reply.status), headers: headers)
    channel.write(HTTPServerResponsePart.head(head), promise: nil)
    let isCut = reply.delivery == .cut
    let bytes = isCut ? reply.body.prefix(reply.body.count / 2) : reply.body[...]
    let buffer = channel.allocator.buffer(bytes: bytes)
    let written = channel.writeAndFlush(HTTPServerResponsePart.body(.byteBuffer(buffer)))
    guard !isCut else {
      written.whenComplete { _ in channel.close(promise: nil) }
      return
    }
    channel.writeAndFlush(HTTPServerResponsePart.end(nil)).whenComplete { _ in
      if !keepAlive { channel.close(promise: nil) }
    }
  }

  /// Closes with a RST instead of a FIN: nothing lingers.
  private static func reset(_ channel: any Channel) {
    guard let options = channel as? any SocketOptionProvider else {
      channel.close(promise: nil)
      return
    }
    options.setSoLinger(linger(l_onoff: 1, l_linger: 0))
      .whenComplete { _ in channel.close(promise: nil) }
  }
}
