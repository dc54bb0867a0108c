package import RotationCore

/// From a request on the wire to an answer on the wire.
extension SimulatedService {
  /// Answers a request of AWS's protocols, or one of the simulator's own pages.
  package mutating func reply(to message: HTTPMessage, now: Timestamp) -> HTTPReply {
    if message.path.hasPrefix("/_simulator/") { return inspect(message, now: now) }
    let date = serviceTime(now)
    if let reply = credentialReply(to: message, now: now) { return reply }
    let endpoint = SigV4Verifier.endpoint(of: message)
    let form = endpoint == .sts ? FormFields.parse(message.body) : .null
    let operation =
      endpoint == .sts
      ? form["Action"]?.string ?? ""
      : String(message.header("X-Amz-Target")?.split(separator: ".").last ?? "")
    var exchange: Exchange
    do throws(Refusal) {
      let verified =
        operation == "AssumeRoleWithWebIdentity"
        ? SimulatedService.nobody
        : try SigV4Verifier.verify(message, now: date, credential: credential)
      let input = endpoint == .sts ? form : try SimulatedService.input(of: message)
      exchange = self.exchange(
        ServiceRequest(
          endpoint: endpoint, operation: operation, input: input, caller: verified.caller,
          region: verified.region), now: now, attempt: message.header("amz-sdk-request"))
    } catch {
      exchange = Exchange(answer: .failure(error), requestID: nextRequestID())
      noteRefused(
        operation: operation, refusal: error, requestID: exchange.requestID, now: now)
    }
    return WireAnswer.reply(exchange, endpoint: endpoint, operation: operation, date: date)
  }

  /// Who calls the one operation that needs no signature.
  private static let nobody = SigV4Verifier.Verified(
    caller: CallerIdentity(
      accountID: "000000000000", arn: "arn:aws:sts::000000000000:federated-user/web-identity",
      userID: "web-identity"), region: "us-east-1", endpoint: .sts)

  private static func input(of message: HTTPMessage) throws(Refusal) -> JSONValue {
    guard message.method == "POST" else { throw Refusal("UnknownOperationException", "") }
    guard message.header("X-Amz-Target")?.hasPrefix("secretsmanager.") == true,
      message.header("Content-Type")?.hasPrefix(WireAnswer.json) == true
    else { throw Refusal("UnknownOperationException", "") }
    guard let input = try? JSONValue(parsing: message.body), input.object != nil else {
      throw Refusal("SerializationException", "The request body is not a JSON object.")
    }
    return input
  }
}
