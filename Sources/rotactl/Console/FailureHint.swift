internal import RotationCore

/// What to do about a failure of credentials, settings or the way to AWS.
enum FailureHint {
  /// An imperative without a final stop; nil where the message says all there is to say.
  static func text(for failure: ServiceFailure, profile: String?) -> String? {
    let option = profile.map { " --profile \(HumanText.shellWord($0))" } ?? ""
    switch failure.code {
    case "ProfileNotFound": return "see `aws configure list-profiles`"
    case "NoRegion": return "give --region, set AWS_REGION, or put `region` into the profile"
    case "NoCredentials":
      return "run `aws configure\(option)` or `aws login\(option)`, or name another --profile"
    case "SSOTokenLoadError", "UnauthorizedSSOTokenError", "SSOError", "TokenRetrievalError":
      return "run `aws sso login\(option)`"
    case "LoginRefreshRequired", "LoginTokenLoadError", "LoginError":
      return "run `aws login\(option)`"
    case "ExpiredToken", "ExpiredTokenException", "ExpiredCredentials":
      return "get fresh credentials: `aws sso login\(option)`, `aws login\(option)` or new keys"
    case "InvalidClientTokenId", "UnrecognizedClientException":
      return "the access key is not known there: check the keys, and that the region is enabled"
    case "SignatureDoesNotMatch", "InvalidSignatureException":
      return "check the secret access key and this machine's clock"
    case "AccessDenied", "AccessDeniedException":
      return "check the role's trust policy and the caller's permissions"
    case "RegionDisabledException": return "enable the region in the account, or take another one"
    case "ConfigParseError", "InvalidConfigError", "PartialCredentials", "InfiniteLoopConfigError":
      return "mend ~/.aws/config or ~/.aws/credentials"
    case "InvalidRegion": return "check the region's name"
    case "InvalidEndpoint": return "give a URL such as https://HOST"
    default: return text(for: failure.kind)
    }
  }

  private static func text(for kind: ServiceFailure.Kind) -> String? {
    switch kind {
    case .credentials: "check with `aws sts get-caller-identity`, or name another --profile"
    case .tls: "name the certificate authority with --ca-bundle or AWS_CA_BUNDLE"
    case .connect, .lost, .malformed:
      "check the network, HTTPS_PROXY and NO_PROXY, and the endpoint URL, then run again"
    case .service, .abandoned: nil
    }
  }
}
