internal import RotationCore

/// Turns answers into the bytes of AWS JSON 1.1 and of the Query protocol.
enum WireAnswer {
  static let json = "application/x-amz-json-1.1"

  static func reply(
    _ exchange: Exchange, endpoint: SimulatedEndpoint, operation: String, date: Timestamp
  ) -> HTTPReply {
    var reply: HTTPReply
    switch exchange.delivery {
    case .garbage:
      reply = HTTPReply(status: 200, contentType: json, body: Array("\u{1}{\"ARN\": not json".utf8))
    case .html:
      reply = HTTPReply(
        status: 502, contentType: "text/html",
        body: Array("<html><body><h1>502 Bad Gateway</h1></body></html>\n".utf8))
    case .whole, .reset, .cut, .silence:
      reply =
        endpoint == .sts
        ? query(exchange.answer, operation: operation, requestID: exchange.requestID)
        : awsJSON(exchange.answer)
    }
    reply.delivery = exchange.delivery
    reply.delayMilliseconds = exchange.delayMilliseconds
    reply.addHeader("x-amzn-RequestId", exchange.requestID)
    if let hint = exchange.retryAfterMilliseconds {
      reply.addHeader("x-amz-retry-after", String(hint))
    }
    reply.addHeader(
      "Date", HTTPDate.text(date.adding(seconds: exchange.clockOffsetSeconds)))
    return reply
  }

  private static func awsJSON(_ answer: ServiceAnswer) -> HTTPReply {
    switch answer {
    case .success(let body):
      return HTTPReply(status: 200, contentType: json, body: body.compactBytes)
    case .failure(let refusal):
      let body: JSONValue = [
        "__type": .string(refusal.code), "Message": .string(refusal.message),
      ]
      return HTTPReply(status: refusal.status, contentType: json, body: body.compactBytes)
    }
  }

  private static let namespace = "https://sts.amazonaws.com/doc/2011-06-15/"

  private static func query(
    _ answer: ServiceAnswer, operation: String, requestID: String
  ) -> HTTPReply {
    switch answer {
    case .success(let body):
      let text =
        "<\(operation)Response xmlns=\"\(namespace)\">\n<\(operation)Result>\(xml(body))"
        + "</\(operation)Result>\n<ResponseMetadata><RequestId>\(requestID)</RequestId>"
        + "</ResponseMetadata>\n</\(operation)Response>\n"
      return HTTPReply(status: 200, contentType: "text/xml", body: Array(text.utf8))
    case .failure(let refusal):
      let type = refusal.status >= 500 ? "Receiver" : "Sender"
      let text =
        "<ErrorResponse xmlns=\"\(namespace)\">\n<Error><Type>\(type)</Type><Code>"
        + "\(escaped(refusal.code))</Code><Message>\(escaped(refusal.message))</Message></Error>\n"
        + "<RequestId>\(requestID)</RequestId>\n</ErrorResponse>\n"
      return HTTPReply(status: refusal.status, contentType: "text/xml", body: Array(text.utf8))
    }
  }

  private static func xml(_ value: JSONValue) -> String {
    switch value {
    case .object(let object):
      object.members.map { "<\($0.key)>\(xml($0.value))</\($0.key)>" }.joined()
    case .string(let text): escaped(text)
    default: escaped(value.compact)
    }
  }

  private static func escaped(_ text: String) -> String {
    var result = ""
    for character in text {
      switch character {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      default: result.append(character)
      }
    }
    return result
  }
}

/// The fields of `application/x-www-form-urlencoded` as an object of strings.
enum FormFields {
  static func parse(_ body: [UInt8]) -> JSONValue {
    var object = JSONObject()
    for pair in body.split(separator: UInt8(ascii: "&")) {
      let parts = pair.split(
        separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
      object[decoded(parts[0])] = .string(parts.count > 1 ? decoded(parts[1]) : "")
    }
    return .object(object)
  }

  private static func decoded(_ bytes: ArraySlice<UInt8>) -> String {
    var result: [UInt8] = []
    var rest = bytes
    while let byte = rest.popFirst() {
      switch byte {
      case UInt8(ascii: "+"): result.append(UInt8(ascii: " "))
      case UInt8(ascii: "%"):
        let digits = String(decoding: rest.prefix(2), as: UTF8.self)
        if digits.utf8.count == 2, let value = UInt8(digits, radix: 16) {
          result.append(value)
          rest = rest.dropFirst(2)
        } else {
          result.append(byte)
        }
      default: result.append(byte)
      }
    }
    return String(decoding: result, as: UTF8.self)
  }
}
