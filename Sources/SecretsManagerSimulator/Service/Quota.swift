package import RotationCore

/// Operations that share one rate quota.
///
/// Source: AWS Secrets Manager quotas (rates per account and region, not adjustable).
package enum QuotaGroup: String, Sendable, Hashable, CaseIterable {
  /// RotateSecret and CancelRotateSecret together.
  case rotation
  case describe
  case list
  case listVersions
  case updateStage
  case create

  /// Requests per second that the service grants.
  package var defaultRate: Double {
    switch self {
    case .rotation, .listVersions, .updateStage, .create: 50
    case .list: 100
    case .describe: 40_000
    }
  }

  /// The group of an operation; nil for those without a quota here, STS among them.
  package init?(operation: String) {
    switch operation {
    case "RotateSecret", "CancelRotateSecret": self = .rotation
    case "DescribeSecret": self = .describe
    case "ListSecrets": self = .list
    case "ListSecretVersionIds": self = .listVersions
    case "UpdateSecretVersionStage": self = .updateStage
    case "CreateSecret": self = .create
    default: return nil
    }
  }
}

/// A rate and how much of it may be spent at once.
package struct QuotaLimit: Sendable, Hashable {
  /// Requests per second, above 0.
  package var rate: Double
  /// Requests, at least 1.
  ///
  /// AWS does not publish its own; one second's worth is the default.
  package var burst: Double

  package init(rate: Double, burst: Double? = nil) {
    self.rate = rate
    self.burst = max(1, burst ?? rate)
  }
}

/// The token buckets of every account, region and group, and the peaks that they saw.
package struct Quota: Sendable {
  /// What a bucket is kept for.
  package struct Key: Sendable, Hashable {
    package let place: Place
    package let group: QuotaGroup
  }

  /// What was counted for one account, region and group.
  package struct Usage: Sendable, Hashable {
    package var requests = 0
    package var throttled = 0
    /// The most requests that arrived within any one second, throttled ones included.
    package var peakPerSecond = 0
  }

  private struct Bucket: Sendable {
    var tokens: Double
    var filled: Timestamp
    var usage = Usage()
    /// Milliseconds of the arrivals of the last second; those before `head` are past.
    var arrivals: [Int64] = []
    var head = 0

    mutating func arrive(at now: Timestamp) {
      usage.requests += 1
      arrivals.append(now.milliseconds)
      while arrivals[head] <= now.milliseconds - 1000 { head += 1 }
      usage.peakPerSecond = max(usage.peakPerSecond, arrivals.count - head)
      if head > 4096, head * 2 > arrivals.count {
        arrivals.removeFirst(head)
        head = 0
      }
    }

    mutating func take(_ limit: QuotaLimit, at now: Timestamp) -> Bool {
      let elapsed = max(0, now.seconds(since: filled))
      tokens = min(limit.burst, tokens + elapsed * limit.rate)
      filled = max(filled, now)
      guard tokens >= 1 else {
        usage.throttled += 1
        return false
      }
      tokens -= 1
      return true
    }
  }

  private let limits: [QuotaGroup: QuotaLimit]
  private var buckets: [Key: Bucket] = [:]

  /// - Parameter limits: overrides; a group that is absent has AWS's rate.
  package init(limits: [QuotaGroup: QuotaLimit] = [:]) { self.limits = limits }

  package func limit(of group: QuotaGroup) -> QuotaLimit {
    limits[group] ?? QuotaLimit(rate: group.defaultRate)
  }

  /// Counts a request.
  ///
  /// - Returns: whether the quota lets it pass.
  package mutating func admit(_ group: QuotaGroup, at place: Place, now: Timestamp) -> Bool {
    let limit = limit(of: group)
    let key = Key(place: place, group: group)
    var bucket = buckets.removeValue(forKey: key) ?? Bucket(tokens: limit.burst, filled: now)
    bucket.arrive(at: now)
    let admitted = bucket.take(limit, at: now)
    buckets[key] = bucket
    return admitted
  }

  /// What was counted so far, by account, region and group.
  package var usage: [Key: Usage] { buckets.mapValues(\.usage) }
}
