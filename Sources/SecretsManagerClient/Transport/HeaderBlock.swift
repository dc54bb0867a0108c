internal import CCurl
internal import Glibc

/// The header lines of a request in the form that libcurl reads, in memory that is used again.
///
/// Not Sendable: it lives with its ``CurlTransfer`` on the transport's thread.
final class HeaderBlock {
  private var text: UnsafeMutableBufferPointer<CChar>
  private var nodes: UnsafeMutableBufferPointer<curl_slist>
  private var used = 0
  private var count = 0

  init() {
    text = .allocate(capacity: 2048)
    nodes = .allocate(capacity: 24)
  }

  deinit {
    text.deallocate()
    nodes.deallocate()
  }

  /// Takes over the lines of a request.
  ///
  /// Emptied headers are those that libcurl would add by itself.
  ///
  /// - Returns: nil when ready, else the name of a header that must not be sent.
  func fill(_ request: HTTPRequest) -> String? {
    used = 0
    count = 0
    reserve(request)
    add("Expect:", "", end: "")
    add("Accept:", "", end: "")
    if !request.hasHeader("content-type") { add("Content-Type:", "", end: "") }
    for header in request.headers {
      guard header.isSendable else { return header.name }
      // A header without a value would be left out but for the semicolon.
      if header.value.isEmpty {
        add(header.name, "", end: ";")
      } else {
        add(header.name, header.value, end: "")
      }
    }
    return nil
  }

  /// Valid until the next ``fill(_:)``.
  var list: UnsafeMutablePointer<curl_slist>? { count == 0 ? nil : nodes.baseAddress }

  /// Makes room at once: the nodes point into the text, which must not move any more.
  private func reserve(_ request: HTTPRequest) {
    let bytes = request.headers.reduce(64) { $0 + $1.name.utf8.count + $1.value.utf8.count + 4 }
    if bytes > text.count {
      text.deallocate()
      text = .allocate(capacity: bytes * 2)
    }
    let lines = request.headers.count + 3
    if lines > nodes.count {
      nodes.deallocate()
      nodes = .allocate(capacity: lines * 2)
    }
  }

  private func add(_ name: String, _ value: String, end: String) {
    let start = used
    copy(name)
    if !value.isEmpty {
      copy(": ")
      copy(value)
    }
    copy(end)
    text[used] = 0
    used += 1
    guard let line = text.baseAddress, let node = nodes.baseAddress else { return }
    node[count] = curl_slist(data: line + start, next: nil)
    if count > 0 { node[count - 1].next = node + count }
    count += 1
  }

  private func copy(_ part: String) {
    var part = part
    used += part.withUTF8 { bytes in
      guard let source = bytes.baseAddress, let start = text.baseAddress else { return 0 }
      memcpy(start + used, source, bytes.count)
      return bytes.count
    }
  }
}
