internal import RotationCore

/// Totals, extremes and order.
extension FunctionCall {
  private func numbers() -> [JSONNumber] {
    array(0).compactMap { if case .number(let number) = $0 { number } else { nil } }
  }

  func sum() throws(JMESPathError) -> JSONNumber {
    guard let sum = JSONNumber.sum(numbers()) else {
      throw .invalidValue(reason: "In function \(name)(), the sum is too large for a number")
    }
    return sum
  }

  func average() throws(JMESPathError) -> JSONValue {
    let count = array(0).count
    guard count > 0 else { return .null }
    guard let mean = JSONNumber(pythonFloat: try sum().double / Double(count)) else {
      throw .invalidValue(reason: "In function \(name)(), the sum is too large for a number")
    }
    return .number(mean)
  }

  /// The expression's result for each element.
  func evaluated(
    _ expression: Expression, for elements: [JSONValue]
  ) throws(JMESPathError) -> [JSONValue] {
    var results: [JSONValue] = []
    results.reserveCapacity(elements.count)
    for element in elements { results.append(try interpreter.evaluate(expression, element)) }
    return results
  }

  /// What the second argument computes for each element of the first: all numbers or all strings.
  func keys() throws(JMESPathError) -> [JSONValue] {
    let elements = array(0)
    let sorting = name == Function.sortBy.rawValue
    let ordered = sorting ? ["string", "number"] : ["number", "string"]
    var allowed = ordered
    var keys: [JSONValue] = []
    for (index, element) in elements.enumerated() {
      let key = try interpreter.evaluate(expression(1), element)
      guard allowed.contains(key.typeName) else {
        // For the first element a sort shows the element, else the key.
        let shown = sorting && index == 0 ? element : key
        throw .invalidType(
          function: name, value: DisplayText.of(shown),
          expected: sorting || ordered.contains(key.typeName) ? allowed : ordered,
          received: key.typeName)
      }
      // One type for all: the first decides.
      allowed = [key.typeName]
      keys.append(key)
    }
    return keys
  }

  /// The first element whose key no other passes; `null` for an empty array.
  func extreme(
    _ elements: [JSONValue], of keys: [JSONValue], passes: (Int) -> Bool
  ) throws(JMESPathError) -> JSONValue {
    var best: (key: OrderKey, element: JSONValue)?
    for (element, key) in zip(elements, keys.compactMap(OrderKey.init)) {
      if let known = best, let order = key.compared(to: known.key), !passes(order) { continue }
      best = (key, element)
    }
    return best?.element ?? .null
  }

  /// The elements in ascending order of their keys, equal ones in the order they had.
  func sorted(
    _ elements: [JSONValue], by keys: [JSONValue]
  ) throws(JMESPathError) -> JSONValue {
    let keyed = zip(elements, keys.compactMap(OrderKey.init)).enumerated()
    let ordered = keyed.sorted { left, right in
      let order = left.element.1.compared(to: right.element.1) ?? 0
      return order == 0 ? left.offset < right.offset : order < 0
    }
    return .array(ordered.map(\.element.0))
  }
}
