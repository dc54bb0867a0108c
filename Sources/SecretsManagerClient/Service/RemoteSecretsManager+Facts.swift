internal import Locking
package import RotationCore

/// What may be told about a set of credentials.
package struct CredentialFacts: Sendable, Hashable {
  /// The provider's name, as `aws configure list` shows it; empty for unsigned requests.
  package let source: String
  /// All but the last four characters are stars, as the AWS CLI shows it.
  package let maskedAccessKeyID: String
  /// Nil for keys that do not end.
  package let expiration: Timestamp?
}

/// Answers about settings and credentials that need no call to the service.
extension RemoteSecretsManager {
  /// Resolves a profile's credentials without using them.
  package func credentialFacts(at site: CallSite) async -> Result<CredentialFacts, ServiceFailure> {
    guard !options.noSignRequest else {
      return .success(CredentialFacts(source: "", maskedAccessKeyID: "", expiration: nil))
    }
    return await sources.credentials(profile: site.profile, region: site.region).map {
      credentials in
      CredentialFacts(
        source: credentials.source,
        maskedAccessKeyID: String(repeating: "*", count: 16) + credentials.accessKeyID.suffix(4),
        expiration: credentials.expiration)
    }
  }

  /// How far the clock of the first service that answered is from ours.
  package var observedClock: ClockObservation? { caller.observedClock }

  /// The present by Secrets Manager's clock, as its last answer showed it; else by ours.
  package var serviceNow: Timestamp { caller.serviceClock.now }

  /// Asks the EC2 instance that this runs on, if it is one, for its region.
  package func learnInstanceRegion(profile: String? = nil) async {
    let region = await sources.instanceRegion(profile: profile)
    instanceRegion.with { $0 = region }
  }

  /// What is wrong with the profile's certificates, if anything.
  package func trustFailure(profile: String?) -> ServiceFailure? {
    do {
      _ = try CallPreparation(sources.configuration, options).trust(profile)
      return nil
    } catch {
      return error
    }
  }

  /// Where calls of a service go from there.
  package func endpointURL(
    _ service: EndpointService, at site: CallSite
  ) -> Result<String, ServiceFailure> {
    let preparation = CallPreparation(sources.configuration, options)
    do {
      return .success(try preparation.endpoint(service, site).canonicalURL)
    } catch {
      return .failure(error)
    }
  }
}
