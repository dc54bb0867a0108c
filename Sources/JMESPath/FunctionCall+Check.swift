internal import RotationCore

/// The number and the types of arguments.
extension FunctionCall {
  /// Compares the arguments with the signature.
  ///
  /// - Throws: `invalidArity` or `invalidType`.
  func check(_ signature: Function.Signature) throws(JMESPathError) {
    let wanted = signature.parameters.count
    guard
      signature.isVariadic ? arguments.count >= wanted : arguments.count == wanted
    else {
      throw .invalidArity(
        function: name, expected: wanted, atLeast: signature.isVariadic,
        received: arguments.count)
    }
    for (index, argument) in arguments.enumerated() {
      // Arguments past the signature repeat its last parameter.
      try check(argument, signature.parameters[min(index, wanted - 1)])
    }
  }

  private func check(
    _ argument: Argument, _ types: [Function.ArgumentType]
  ) throws(JMESPathError) {
    guard case .value(let value) = argument else {
      guard types.contains(.expression) else { throw mismatch("&expression", types, "expref") }
      return
    }
    guard !types.isEmpty else { return }
    switch value {
    case .number where types.contains(.number): return
    case .string where types.contains(.string): return
    case .object where types.contains(.object): return
    case .array where types.contains(.array): return
    case .array(let elements) where types.contains(.numbers) || types.contains(.strings):
      try check(elements, types)
    default: throw mismatch(DisplayText.of(value), types, value.typeName)
    }
  }

  /// All elements are of one allowed type, and the first says of which.
  private func check(
    _ elements: [JSONValue], _ types: [Function.ArgumentType]
  ) throws(JMESPathError) {
    var allowed = types
    for element in elements {
      let type: Function.ArgumentType? =
        switch element {
        case .number: .numbers
        case .string: .strings
        default: nil
        }
      guard let type, allowed.contains(type) else {
        throw mismatch(DisplayText.of(element), types, element.pythonTypeName)
      }
      allowed = [type]
    }
  }

  private func mismatch(
    _ shown: String, _ types: [Function.ArgumentType], _ received: String
  ) -> JMESPathError {
    .invalidType(
      function: name, value: shown,
      expected: types.isEmpty ? ["any value"] : types.map(\.rawValue), received: received)
  }
}

extension JSONValue {
  /// The name that `jmespath.py` gives the type of an array's element.
  fileprivate var pythonTypeName: String {
    switch self {
    case .null: "NoneType"
    case .bool: "bool"
    case .number(let number): number.isIntegerLiteral ? "int" : "float"
    case .string: "str"
    case .array: "list"
    case .object: "dict"
    }
  }
}
