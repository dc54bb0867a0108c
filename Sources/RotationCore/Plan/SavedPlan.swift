/// What the header of a saved plan says beside the manifests: who made it, as whom, and how.
package struct SavedPlan: Sendable, Hashable {
  /// Who a profile was when the secrets were looked at.
  package struct Caller: Sendable, Hashable {
    /// Nil for the default credentials.
    package let profile: String?
    package let account: String
    package let arn: String
    package init(profile: String?, account: String, arn: String) {
      self.profile = profile
      self.account = account
      self.arn = arn
    }
  }

  /// An option that was set for the plan, and where.
  package struct Setting: Sendable, Hashable {
    /// The option's name without dashes at its front.
    package let name: String
    /// One text, or several of an option that can be repeated.
    package let values: [String]
    /// `--rate`, `ROTACTL_RATE`, `rotactl.json:4:12` or `default`.
    package let origin: String
    package init(name: String, values: [String], origin: String) {
      self.name = name
      self.values = values
      self.origin = origin
    }
  }

  package var operatorName: String
  package var host: String
  package var callers: [Caller]
  package var settings: [Setting]

  package init(operatorName: String, host: String, callers: [Caller], settings: [Setting]) {
    self.operatorName = operatorName
    self.host = host
    self.callers = callers
    self.settings = settings
  }

  package var record: JSONValue {
    [
      "operator": .string(operatorName), "host": .string(host),
      "callers": .array(
        callers.map { caller in
          var item = JSONObject()
          item["profile"] = caller.profile.map(JSONValue.string)
          item["account"] = .string(caller.account)
          item["arn"] = .string(caller.arn)
          return .object(item)
        }),
      "settings": .array(settings.map(\.record)),
    ]
  }

  /// - Returns: nil for anything that ``record`` does not write.
  package init?(record: JSONValue) {
    guard let operatorName = record["operator"]?.string, let host = record["host"]?.string,
      let callers = record["callers"]?.array, let settings = record["settings"]?.array
    else { return nil }
    self.init(operatorName: operatorName, host: host, callers: [], settings: [])
    for item in callers {
      guard let account = item["account"]?.string, let arn = item["arn"]?.string else {
        return nil
      }
      self.callers.append(Caller(profile: item["profile"]?.string, account: account, arn: arn))
    }
    for item in settings {
      guard let setting = Setting(record: item) else { return nil }
      self.settings.append(setting)
    }
  }
}

extension SavedPlan.Setting {
  /// The origin of what nobody set.
  package static let byDefault = "default"

  package var record: JSONValue {
    [
      "name": .string(name), "values": .array(values.map(JSONValue.string)),
      "from": .string(origin),
    ]
  }

  package init?(record: JSONValue) {
    guard let name = record["name"]?.string, let values = record["values"]?.array,
      let origin = record["from"]?.string
    else { return nil }
    self.init(name: name, values: values.compactMap(\.string), origin: origin)
  }
}
