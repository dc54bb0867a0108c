/// Failures of TLS in the words of Python's `ssl` module, which the AWS CLI shows.
enum PythonTLS {
  /// Where Python 3.11 notices a failure, which is part of its words.
  private static let place = "(_ssl.c:1006)"
  private static let certificate = "SSL certificate problem: "
  private static let routines = ":SSL routines::"
  private static let start = "SSL validation failed for "

  /// Turns `SSL validation failed for URL REASON` with libcurl's reason into that with Python's;
  /// what has no counterpart stays.
  static func sentence(_ message: String) -> String {
    guard message.hasPrefix(start) else { return message }
    let url = message.dropFirst(start.count).prefix { $0 != " " }
    let reason = message.dropFirst(start.count + url.count + 1)
    return start + url + " " + words(for: reason)
  }

  private static func words(for reason: Substring) -> String {
    if let found = reason.firstRange(of: certificate) {
      let problem = reason[found.upperBound...]
      return "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: \(problem) \(place)"
    }
    guard let found = reason.firstRange(of: routines) else { return String(reason) }
    let problem = reason[found.upperBound...]
    if problem.hasPrefix("unexpected eof") {
      return "[SSL: UNEXPECTED_EOF_WHILE_READING] EOF occurred in violation of protocol \(place)"
    }
    let name = problem.uppercased().replacing(" ", with: "_")
    return "[SSL: \(name)] \(problem) \(place)"
  }
}
