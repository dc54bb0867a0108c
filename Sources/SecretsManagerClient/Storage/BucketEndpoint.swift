/// Where the objects of a bucket are, by the rules of S3's endpoints for general purpose buckets.
///
/// The bucket is a part of the host name, except where that cannot be: a name with dots does not
/// fit the certificate, and a server that was named by its own URL knows no such hosts.
package enum BucketEndpoint {
  package enum Addressing: String, Sendable, Hashable {
    case auto, virtual, path
  }

  /// The endpoint of one object; of the bucket itself without a key.
  ///
  /// - `service`: S3's in the bucket's region, or the URL that was given.
  /// - `isGiven`: whether that URL was given.
  package static func object(
    _ key: String?, in bucket: String, at service: Endpoint, isGiven: Bool,
    addressing: Addressing = .auto
  ) -> Endpoint {
    let fitsHost = !(bucket.contains(".") && service.scheme == "https")
    let isInHost =
      switch addressing {
      case .path: false
      case .virtual: fitsHost
      case .auto: fitsHost && !isGiven
      }
    var path = service.path
    while path.hasSuffix("/") { path.removeLast() }
    if !isInHost { path += "/" + bucket }
    path += "/" + (key.map { PercentEncoding.encode($0, keeping: "/") } ?? "")
    return Endpoint(
      scheme: service.scheme, host: isInHost ? "\(bucket).\(service.host)" : service.host,
      path: path, signingRegion: service.signingRegion)
  }
}
