/// A rate as it stands in records and on the command line: calls a second, or `unlimited`.
package enum RateRecord {
  /// The word for no pace, which JSON has no number for.
  package static let unlimited = "unlimited"

  /// The form in a record; `rate` is infinite without a pace.
  package static func value(of rate: Double) -> JSONValue {
    rate.isFinite ? JSONValue(rate) : .string(unlimited)
  }

  /// - Returns: nil for anything but a number and the word.
  package static func rate(in value: JSONValue) -> Double? {
    value.string == unlimited ? .infinity : value.double
  }
}
