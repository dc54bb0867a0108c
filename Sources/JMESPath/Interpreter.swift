internal import RotationCore

/// Evaluates a syntax tree on documents.
struct Interpreter {
  func evaluate(
    _ expression: Expression, _ value: JSONValue
  ) throws(JMESPathError) -> JSONValue {
    switch expression.kind {
    case .current: return value
    case .literal(let literal): return literal
    case .field(let name):
      guard case .object(let object) = value else { return .null }
      return object.value(of: name)
    case .index(let index): return element(index, of: value)
    case .slice(let slice): return try self.slice(slice, of: value)
    case .sequence(let first, let second):
      return try evaluate(second, evaluate(first, value))
    case .projection(let base, let each):
      return try project(try evaluate(base, value), each)
    case .valueProjection(let base, let each):
      guard case .object(let object) = try evaluate(base, value) else { return .null }
      return try project(.array(object.distinctMembers.map(\.value)), each)
    case .filter(let base, let condition, let each):
      return try project(try evaluate(base, value), where: condition, each)
    case .flatten(let base): return flattened(try evaluate(base, value))
    case .or(let operands): return try firstOperand(operands, value) { $0.isTruthy }
    case .and(let operands): return try firstOperand(operands, value) { !$0.isTruthy }
    case .not(let operand): return .bool(!(try evaluate(operand, value).isTruthy))
    case .comparison(let comparator, let left, let right):
      return compare(comparator, try evaluate(left, value), try evaluate(right, value))
    case .list(let elements): return try list(elements, value)
    case .hash(let members): return try hash(members, value)
    case .reference:
      throw .invalidValue(
        reason: "An expression reference (&) has a meaning only as an argument of a function")
    case .call(let function, let arguments): return try call(function, arguments, value)
    }
  }

  private func element(_ index: Int, of value: JSONValue) -> JSONValue {
    guard case .array(let values) = value else { return .null }
    let position = index < 0 ? values.count + index : index
    return values.indices.contains(position) ? values[position] : .null
  }

  private func slice(
    _ slice: Expression.Slice, of value: JSONValue
  ) throws(JMESPathError) -> JSONValue {
    guard case .array(let values) = value else { return .null }
    let step = slice.step ?? 1
    guard step != 0 else { throw .invalidValue(reason: "slice step cannot be zero") }
    // Going down, the place before the first element is a bound too.
    let lowest = step > 0 ? 0 : -1
    let highest = step > 0 ? values.count : values.count - 1
    func bound(_ index: Int?, _ absent: Int) -> Int {
      guard let index else { return absent }
      return min(max(index < 0 ? index + values.count : index, lowest), highest)
    }
    let start = bound(slice.start, step > 0 ? lowest : highest)
    let stop = bound(slice.stop, step > 0 ? highest : lowest)
    return .array(stride(from: start, to: stop, by: step).map { values[$0] })
  }

  private func project(
    _ base: JSONValue, where condition: Expression? = nil, _ each: Expression
  ) throws(JMESPathError) -> JSONValue {
    guard case .array(let values) = base else { return .null }
    if condition == nil, case .current = each.kind {
      return .array(values.filter { !$0.isNull })
    }
    var collected: [JSONValue] = []
    for element in values {
      if let condition, !(try evaluate(condition, element).isTruthy) { continue }
      let result = try evaluate(each, element)
      if result != .null { collected.append(result) }
    }
    return .array(collected)
  }

  private func flattened(_ base: JSONValue) -> JSONValue {
    guard case .array(let values) = base else { return .null }
    var merged: [JSONValue] = []
    for element in values {
      if case .array(let inner) = element {
        merged.append(contentsOf: inner)
      } else {
        merged.append(element)
      }
    }
    return .array(merged)
  }

  /// The first operand that decides, or else the last.
  private func firstOperand(
    _ operands: [Expression], _ value: JSONValue, decides: (JSONValue) -> Bool
  ) throws(JMESPathError) -> JSONValue {
    var result = JSONValue.null
    for operand in operands {
      result = try evaluate(operand, value)
      if decides(result) { break }
    }
    return result
  }

  private func compare(
    _ comparator: Expression.Comparator, _ left: JSONValue, _ right: JSONValue
  ) -> JSONValue {
    switch comparator {
    case .equal: return .bool(left.isSame(as: right))
    case .notEqual: return .bool(!left.isSame(as: right))
    case .less, .lessOrEqual, .greater, .greaterOrEqual: break
    }
    guard let left = OrderKey(left), let right = OrderKey(right),
      let order = left.compared(to: right)
    else { return .null }
    return switch comparator {
    case .less: .bool(order < 0)
    case .lessOrEqual: .bool(order <= 0)
    case .greater: .bool(order > 0)
    default: .bool(order >= 0)
    }
  }

  private func list(
    _ elements: [Expression], _ value: JSONValue
  ) throws(JMESPathError) -> JSONValue {
    guard value != .null else { return .null }
    var results: [JSONValue] = []
    for element in elements { results.append(try evaluate(element, value)) }
    return .array(results)
  }

  private func hash(
    _ members: [Expression.Member], _ value: JSONValue
  ) throws(JMESPathError) -> JSONValue {
    guard value != .null else { return .null }
    var results: [JSONObject.Member] = []
    for member in members {
      results.append(
        JSONObject.Member(key: member.key, value: try evaluate(member.value, value)))
    }
    return .object(JSONObject(JSONObject(results).distinctMembers))
  }

  private func call(
    _ name: String, _ expressions: [Expression], _ value: JSONValue
  ) throws(JMESPathError) -> JSONValue {
    var arguments: [FunctionCall.Argument] = []
    for expression in expressions {
      if case .reference(let body) = expression.kind {
        arguments.append(.expression(body))
      } else {
        arguments.append(.value(try evaluate(expression, value)))
      }
    }
    return try FunctionCall(name: name, arguments: arguments, interpreter: self).result()
  }
}
