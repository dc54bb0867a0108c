internal import DurableFiles
internal import EvidenceBundle
internal import RotationCore
internal import RunEngine
internal import SecretsManagerClient

/// `run.json`: how a run was started, by whom, where, and as which callers.
///
/// Written once before the first change and never again, so that a bundle made later is the same.
struct RunRecordFile {
  static let schema = "rotactl.run/1"

  var runID: String
  var startedAt: Timestamp
  var incident: String?
  var reason: String?
  var host: String
  var operatorName: String
  var connection: ResolvedConnection
  var pacing: ResolvedPacing
  var inFlight: ResolvedInFlight
  var bundleFormat: String
  var writesReportFiles: Bool
  var isDrill: Bool
  var identities: [String?: ProfileIdentity]
  var action = RunAction.cancel
  /// Of the running binary.
  var toolSHA256: String?
  var clock: ClockObservation?
  /// Names of the variables that were set, without their values.
  var variables: [String]
  var stopRules = StopRules()
  var deadline: Duration?
  /// What was set and where.
  var options: [SavedPlan.Setting] = []
  /// The plan that was run instead of manifests.
  var savedPlan: PlanUse?

  var record: JSONValue {
    var object: JSONObject = [
      "schema": .string(RunRecordFile.schema), "runId": .string(runID),
      "toolVersion": .string(ToolVersion.text),
    ]
    object["action"] = .string(action.rawValue)
    object["toolSha256"] = toolSHA256.map(JSONValue.string)
    object["startedAt"] = .string(startedAt.iso8601)
    object["host"] = .string(host)
    object["operator"] = .string(operatorName)
    object["drill"] = .bool(isDrill)
    if let clock {
      object["clock"] = [
        "against": .string(clock.host),
        "serviceAheadMs": .number(JSONNumber(Int(clock.leadMilliseconds))),
      ]
    }
    object["incident"] = incident.map(JSONValue.string)
    object["reason"] = reason.map(JSONValue.string)
    object["settings"] = settings
    object["variables"] = .array(variables.map(JSONValue.string))
    object["options"] = .array(
      options.filter { $0.origin != SavedPlan.Setting.byDefault }.map(\.record))
    object["plan"] = savedPlan.map { plan in
      ["path": .string(HostFacts.absolute(plan.planPath)), "sha256": .string(plan.sha256)]
    }
    object["callers"] = .array(callers)
    return .object(object)
  }

  private var settings: JSONValue {
    var object: JSONObject = [
      "profiles": .array(connection.profiles.map(JSONValue.string)),
      "regions": .array(connection.regionWords.map(JSONValue.string)),
    ]
    object["endpointUrl"] = connection.endpointURL.map { .string(RunRecordFile.redacted($0)) }
    object["caBundle"] = connection.caBundle.map(JSONValue.string)
    object["verifySsl"] = .bool(connection.verifiesTLS)
    object["connectTimeoutSeconds"] = JSONValue(connection.connectTimeout.seconds)
    object["readTimeoutSeconds"] = JSONValue(connection.readTimeout.seconds)
    object["ratePerSecond"] = RateRecord.value(of: pacing.rate)
    if !pacing.laneRates.isEmpty {
      var rates = JSONObject()
      for item in pacing.laneRates {
        rates[item.lanes.description] = RateRecord.value(of: item.rate)
      }
      object["laneRates"] = .object(rates)
    }
    object["burst"] = JSONValue(pacing.burst)
    object["concurrency"] = JSONValue(pacing.concurrency)
    object["maxAttempts"] = pacing.maximumAttempts.map { JSONValue($0) }
    object["retryMode"] = pacing.retryMode.map { .string($0.rawValue) }
    object["inFlight"] = .string(inFlight.policy.rawValue)
    object["inFlightTimeoutSeconds"] = JSONValue(inFlight.timeout.seconds)
    object["rampUpSeconds"] = pacing.rampUp.map { JSONValue($0.seconds) }
    object["maxFailures"] = stopRules.maximumFailures.map { .string($0.description) }
    object["maxLaneFailures"] = stopRules.maximumLaneFailures.map { .string($0.description) }
    object["canary"] = JSONValue(stopRules.canary)
    object["regionOrder"] = .array(stopRules.regionOrder.regions.map(JSONValue.string))
    object["deadlineSeconds"] = deadline.map { JSONValue($0.seconds) }
    object["bundleFormat"] = .string(bundleFormat)
    object["reportFiles"] = .bool(writesReportFiles)
    return .object(object)
  }

  /// The names of our variables and AWS's among those of a process.
  static func variables(_ environment: [String: String]) -> [String] {
    environment.keys.filter {
      $0.hasPrefix("AWS_") || $0.hasPrefix("ROTACTL_") || $0.lowercased().hasSuffix("_proxy")
    }.sorted()
  }

  private var callers: [JSONValue] {
    identities.sorted { ($0.key ?? "") < ($1.key ?? "") }.map { profile, identity in
      var item = JSONObject()
      item["profile"] = profile.map(JSONValue.string)
      switch identity {
      case .known(let caller):
        item["account"] = .string(caller.accountID)
        item["arn"] = .string(caller.arn)
        item["userId"] = .string(caller.userID)
      case .unreachable(let failure), .failed(let failure): item["failure"] = failure.record
      }
      return .object(item)
    }
  }

  /// A URL without the user information that it may carry.
  static func redacted(_ url: String) -> String {
    guard let scheme = url.firstRange(of: "://"),
      let at = url[scheme.upperBound...].prefix(while: { $0 != "/" }).lastIndex(of: "@")
    else { return url }
    return String(url[..<scheme.upperBound]) + "<redacted>" + String(url[at...])
  }

  func write(to folder: RunFolder) throws(FileError) {
    try DurableFile.replace(
      folder.file(RunLayout.runFile), with: Array((record.pretty() + "\n").utf8))
  }
}

/// What `resume` takes from a run's own record where the command line says nothing.
struct RecordedRun {
  let value: JSONValue

  init(folder: RunFolder) throws {
    let path = folder.file(RunLayout.runFile)
    try self.init(DurableFile.read(path), at: path)
  }

  /// - `path`: where the bytes are from, for messages.
  init(_ bytes: [UInt8], at path: String) throws(Diagnostic) {
    guard let value = try? JSONValue(parsing: bytes),
      value["schema"]?.string == RunRecordFile.schema
    else {
      throw Diagnostic("not a record of \(RunRecordFile.schema)", at: path, status: .usage)
    }
    self.value = value
  }

  var action: RunAction {
    value["action"]?.string.flatMap(RunAction.init(rawValue:)) ?? .cancel
  }
  /// The run's own treatment of rotations that run, where it was not a cancel: it is part of what
  /// was confirmed.
  var inFlight: InFlightPolicy? {
    action == .cancel
      ? nil : setting("inFlight")?.string.flatMap(InFlightPolicy.init(rawValue:))
  }
  var isDrill: Bool { value["drill"]?.bool ?? false }
  var bundleFormat: BundleFormat {
    setting("bundleFormat")?.string.flatMap(BundleFormat.init(rawValue:)) ?? .tarGz
  }
  var writesReportFiles: Bool { setting("reportFiles")?.bool ?? false }

  /// What the run was told, for whoever goes on with it; its deadline was for itself.
  var layer: SettingLayer {
    let options = (value["options"]?.array ?? []).compactMap(SavedPlan.Setting.init(record:))
    var layer = SettingLayer(
      options, of: RunLayout.runFile,
      except: ["deadline", "reports", "run-id", "bundle-format", "report-files", "config"])
    guard action != .cancel else { return layer }
    // What the settings came to, which may be less than a configuration file said.
    if let rate = setting("ratePerSecond").flatMap(RateRecord.rate) {
      layer.set("rate", .init(values: [RecordedRun.text(rate)], origin: RunLayout.runFile))
    }
    if let rates = setting("laneRates")?.object {
      let values = rates.members.compactMap { member in
        RateRecord.rate(in: member.value).map { "\(member.key)=\(RecordedRun.text($0))" }
      }
      layer.set("lane-rate", .init(values: values, origin: RunLayout.runFile))
    }
    return layer
  }

  /// A rate as it can be typed, to a millionth.
  private static func text(_ rate: Double) -> String {
    rate.isFinite ? "\((rate * 1e6).rounded() / 1e6)" : RateRecord.unlimited
  }

  /// The saved plan that was run; nil for one of manifests.
  func planUse(reports: String) -> PlanUse? {
    guard let plan = value["plan"], let path = plan["path"]?.string,
      let sha256 = plan["sha256"]?.string
    else { return nil }
    return PlanUse(planPath: path, sha256: sha256, reports: reports)
  }

  var incident: String? { value["incident"]?.string }
  var reason: String? { value["reason"]?.string }

  func setting(_ name: String) -> JSONValue? { value["settings"]?[name] }

  /// The account that each profile had; nil stands for the default profile.
  var accounts: [String?: String] {
    var accounts: [String?: String] = [:]
    for caller in value["callers"]?.array ?? [] {
      if let account = caller["account"]?.string { accounts[caller["profile"]?.string] = account }
    }
    return accounts
  }

  /// Where the run's calls went, with what was typed now going first.
  func merged(into typed: ResolvedConnection) -> ResolvedConnection {
    var connection = typed
    if connection.endpointURL == nil { connection.endpointURL = setting("endpointUrl")?.string }
    if connection.caBundle == nil { connection.caBundle = setting("caBundle")?.string }
    if setting("verifySsl")?.bool == false { connection.verifiesTLS = false }
    return connection
  }
}
