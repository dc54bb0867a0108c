package import RotationCore

/// A request as it came over a socket.
package struct HTTPMessage: Sendable, Hashable {
  package struct Header: Sendable, Hashable {
    package let name: String
    package let value: String
  }

  package var method: String
  /// Path and query as they stand in the request line.
  package var target: String
  package var headers: [Header]
  package var body: [UInt8]

  package init(
    method: String, target: String, headers: [(name: String, value: String)], body: [UInt8]
  ) {
    self.method = method
    self.target = target
    self.headers = headers.map { Header(name: $0.name, value: $0.value) }
    self.body = body
  }

  /// The first header of that name, which is compared without regard to case.
  package func header(_ name: String) -> String? {
    let wanted = name.lowercased()
    return headers.first { $0.name.lowercased() == wanted }?.value
  }

  package var path: String { String(target.prefix { $0 != "?" }) }
  package var query: String { String(target.drop { $0 != "?" }.dropFirst()) }
}

/// An answer as it goes over a socket.
package struct HTTPReply: Sendable, Hashable {
  package var status: Int
  package var headers: [HTTPMessage.Header]
  package var body: [UInt8]
  package var delivery = Exchange.Delivery.whole
  package var delayMilliseconds = 0

  package init(status: Int, contentType: String, body: [UInt8]) {
    self.status = status
    headers = [HTTPMessage.Header(name: "Content-Type", value: contentType)]
    self.body = body
  }

  package mutating func addHeader(_ name: String, _ value: String) {
    headers.append(HTTPMessage.Header(name: name, value: value))
  }
}

/// Dates as HTTP writes them.
package enum HTTPDate {
  private static let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
  private static let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]

  /// IMF-fixdate, such as `Mon, 23 Nov 2026 18:11:41 GMT` (RFC 9110, 5.6.7).
  package static func text(_ time: Timestamp) -> String {
    let day = Int((time.milliseconds / 86_400_000) % 7)
    let iso = Array(time.iso8601)
    let month = Int(String(iso[5...6])) ?? 1
    return "\(days[max(0, day)]), \(String(iso[8...9])) \(months[month - 1]) \(String(iso[0...3])) "
      + "\(String(iso[11...18])) GMT"
  }
}
