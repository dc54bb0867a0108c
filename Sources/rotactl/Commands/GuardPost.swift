internal import Cryptography
internal import DurableFiles
internal import Glibc
internal import RotationCore
internal import RunEngine
internal import SecretsManagerClient

/// Puts the guards to every question that they answer, before anything is changed.
struct GuardPost: Sendable {
  let guards: RunGuards
  let console: Console

  /// So many refusals are printed; the others are counted.
  private static let shown = 20

  /// What the operator said, and the freeze files; no call was made yet.
  func checkWords(reason: String?, incident: String?) throws {
    try refuse(guards.refusals(reason: reason, incident: incident))
    try checkFreeze()
  }

  func checkFreeze() throws(Diagnostic) {
    guard let freeze = Freeze.present(among: guards.freezeFiles.map(\.value)) else { return }
    throw Diagnostic(
      "changes are frozen", at: freeze.path, because: freeze.text,
      hint: "wait until the file is taken away", status: .refused)
  }

  func checkCallers(_ identities: [String?: ProfileIdentity]) throws {
    try refuse(
      guards.refusals(
        profiles: identities.keys.sorted { ($0 ?? "") < ($1 ?? "") },
        accounts: identities.compactMapValues(\.accountID),
        unusable: Set(identities.filter { $0.value.failure != nil }.keys)))
  }

  /// Caps, and every target of the plan.
  func checkPlan(_ path: String, _ overview: PlanOverview) throws {
    var found = guards.refusals(of: overview)
    var total = found.count
    if guards.mayRefuseTargets(of: overview) {
      try scan(path) { refusal in
        total += 1
        if found.count < GuardPost.shown { found.append(refusal) }
      }
    }
    try refuse(found, total: total)
  }

  /// The targets alone, for a run whose caps were judged when it began.
  func checkTargets(of path: String) throws {
    var found: [RunGuards.Refusal] = []
    var total = 0
    try scan(path) { refusal in
      total += 1
      if found.count < GuardPost.shown { found.append(refusal) }
    }
    try refuse(found, total: total)
  }

  /// Says what a run of this plan would be refused for; a preview is never refused.
  func warn(reason: String?, incident: String?, plan path: String, _ overview: PlanOverview) throws
  {
    var found = guards.refusals(reason: reason, incident: incident)
    found += guards.refusals(of: overview)
    var total = found.count
    if guards.mayRefuseTargets(of: overview) {
      try scan(path) { refusal in
        total += 1
        if found.count < GuardPost.shown { found.append(refusal) }
      }
    }
    if let freeze = Freeze.present(among: guards.freezeFiles.map(\.value)) {
      console.warn("a run would be refused: changes are frozen by \(freeze.path): \(freeze.text)")
    }
    for refusal in found {
      console.warn("a run would be refused: \(refusal.what) (\(refusal.origin))")
    }
    if total > found.count { console.warn("and for \(total - found.count) further targets") }
  }

  private func scan(_ path: String, _ found: (RunGuards.Refusal) -> Void) throws {
    var reader = try PlanFileReader(path: path)
    while let (entry, _, _) = try reader.next() {
      if let refusal = guards.refusal(of: entry) { found(refusal) }
    }
  }

  /// Prints all refusals but the last, which ends the command.
  private func refuse(_ refusals: [RunGuards.Refusal], total: Int? = nil) throws {
    var diagnostics = refusals.map { refusal in
      Diagnostic(refusal.what, at: refusal.origin, hint: refusal.hint, status: .refused)
    }
    let hidden = (total ?? diagnostics.count) - diagnostics.count
    if hidden > 0 {
      diagnostics.append(
        Diagnostic("\(HumanText.count(hidden)) further targets are refused", status: .refused))
    }
    guard let last = diagnostics.popLast() else { return }
    for diagnostic in diagnostics { console.fail(diagnostic) }
    throw last
  }
}

/// A file that stands for "no changes now".
struct Freeze: Sendable, Hashable {
  let path: String
  /// The file's first line; a stand-in where it has none or cannot be read.
  let text: String

  /// The first file that is there; one that cannot be looked at counts as there.
  static func present(among paths: [String]) -> Freeze? {
    for path in paths {
      var status = stat()
      if stat(path, &status) != 0, errno == ENOENT || errno == ENOTDIR { continue }
      let bytes = (try? DurableFile.read(path, atMost: 64 << 10)) ?? []
      let line = String(
        decoding: bytes.prefix(1000).prefix { $0 != 0x0A && $0 != 0x0D }, as: UTF8.self)
      let words = Settings.trimmed(line)
      return Freeze(path: path, text: words.isEmpty ? "no reason is given" : words)
    }
    return nil
  }

  /// Stops a run when a freeze file appears; ends with its task.
  static func watch(_ paths: [String], stop: StopSignal) async {
    guard !paths.isEmpty else { return }
    while !Task.isCancelled, !stop.isStopped {
      if let freeze = present(among: paths) {
        stop.stop(.freeze, detail: "\(freeze.path): \(freeze.text)")
        return
      }
      try? await Task.sleep(for: .milliseconds(500))
    }
  }
}

extension LaneLocks {
  /// The lanes of a plan's changes, for one run.
  ///
  /// - Throws: a ``Diagnostic`` of status `refused` that names the run in the way.
  static func take(
    _ lanes: some Sequence<LaneID>, in folder: String?, session: Session, profiles: [String?],
    owner: Owner
  ) throws -> LaneLocks {
    let wanted = lanes.map { lane in
      (lane: lane, endpoint: foreignEndpoint(session, profiles, region: lane.region))
    }
    do {
      return try take(wanted, in: folder, for: owner)
    } catch let holder as Holder {
      let who =
        holder.runID.isEmpty
        ? "its lock is held: \(holder.path)"
        : "run \(holder.runID) of \(holder.operatorName), process \(holder.pid ?? 0), is at work there"
      throw Diagnostic(
        "another run has account \(holder.lane.account) in \(holder.lane.region)", because: who,
        hint: "wait until it ends", status: .refused)
    } catch let error as FileError {
      throw Diagnostic(
        "no other run can be kept out", because: error.description,
        hint: "name a folder that all operators of this machine can write to with --lock-folder",
        status: .refused)
    }
  }

  /// Eight hexadecimal digits that stand for an endpoint that is not AWS's own.
  private static func foreignEndpoint(
    _ session: Session, _ profiles: [String?], region: String
  ) -> String? {
    for profile in profiles {
      let site = CallSite(profile: profile, region: region)
      guard case .success(let url) = session.client.endpointURL(.secretsManager, at: site) else {
        continue
      }
      let rest = url.firstRange(of: "://").map { url[$0.upperBound...] } ?? url[...]
      let host = rest.prefix { $0 != "/" && $0 != ":" }
      let isOfAWS = [".amazonaws.com", ".amazonaws.com.cn", ".api.aws", ".amazonaws.eu"].contains {
        host.hasSuffix($0)
      }
      return isOfAWS ? nil : String(SHA256.hash(String(rest)).hex.prefix(8))
    }
    return nil
  }
}
