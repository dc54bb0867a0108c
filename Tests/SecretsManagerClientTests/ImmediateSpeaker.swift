import Glibc
import SecretsManagerClient

/// A server that sends its bytes to whoever connects, reads nothing, and closes.
final class ImmediateSpeaker: Sendable {
  let port: UInt16

  init(_ text: String) throws {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let bound = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
        bind(descriptor, generic, length) == 0 && listen(descriptor, 8) == 0
          && getsockname(descriptor, generic, &length) == 0
      }
    }
    guard descriptor >= 0, bound else { throw ScriptedServer.SetupError() }
    port = UInt16(bigEndian: address.sin_port)
    let box = Unmanaged.passRetained(Script(descriptor: descriptor, bytes: Array(text.utf8)))
    var thread = pthread_t()
    let code = pthread_create(
      &thread, nil,
      { context in
        guard let context else { return nil }
        Unmanaged<Script>.fromOpaque(context).takeRetainedValue().run()
        return nil
      }, box.toOpaque())
    guard code == 0 else { throw ScriptedServer.SetupError() }
    pthread_detach(thread)
  }

  private final class Script: Sendable {
    let descriptor: Int32
    let bytes: [UInt8]
    init(descriptor: Int32, bytes: [UInt8]) {
      self.descriptor = descriptor
      self.bytes = bytes
    }

    func run() {
      let peer = accept(descriptor, nil, nil)
      guard peer >= 0 else { return }
      _ = send(peer, bytes, bytes.count, Int32(MSG_NOSIGNAL))
      shutdown(peer, Int32(SHUT_WR))
      var byte: UInt8 = 0
      while recv(peer, &byte, 1, 0) > 0 {}
      close(peer)
      close(descriptor)
    }
  }
}
