extension SecretARN {
  /// Whether an answer's ARN is that of the secret that was asked for.
  ///
  /// A proxy that mixes up answers must not let one secret's state pass for another's.
  ///
  /// - `arn`: as the service told it.
  /// - `asked`: a name, an ARN, or an ARN without its last hyphen and six characters.
  package static func text(_ arn: String, answers asked: String) -> Bool {
    if arn == asked { return true }
    let whole = arn.utf8
    // Behind the part that was asked for, only the suffix may follow.
    guard whole.count >= 7, isSuffix(whole.suffix(7)) else { return false }
    let head = whole.dropLast(7)
    guard !looksLikeARN(asked) else { return head.elementsEqual(asked.utf8) }
    let part = ":secret:".utf8
    let tail = head.suffix(asked.utf8.count)
    return tail.elementsEqual(asked.utf8)
      && head.dropLast(asked.utf8.count).suffix(part.count).elementsEqual(part)
  }

  /// A hyphen and six letters or digits.
  private static func isSuffix(_ bytes: Substring.UTF8View) -> Bool {
    bytes.first == UInt8(ascii: "-")
      && bytes.dropFirst().allSatisfy {
        (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0)
      }
  }
}
