internal import RotationCore

/// The operations' answers.
///
/// Where a wrong kind of member could pass for "rotation is off", the answer is refused instead.
enum SecretsManagerAnswer {
  /// DescribeSecret; every secret has an ARN, so an answer without one describes nothing.
  static func state(_ response: HTTPResponse) -> Result<SecretState, ServiceFailure> {
    ServiceAnswer.object(response).flatMap { body in
      guard body["ARN"]?.string != nil else {
        return .failure(ServiceAnswer.malformed(response, "has no ARN"))
      }
      if let enabled = body["RotationEnabled"], enabled.bool == nil {
        return .failure(
          ServiceAnswer.malformed(response, "has \(enabled.kindName) as RotationEnabled"))
      }
      return .success(SecretState(wire: body))
    }
  }

  static func changed(_ response: HTTPResponse) -> Result<ChangedSecret, ServiceFailure> {
    ServiceAnswer.object(response).map { body in
      ChangedSecret(
        arn: body["ARN"]?.string, name: body["Name"]?.string,
        versionID: body["VersionId"]?.string)
    }
  }

  static func page(_ response: HTTPResponse) -> Result<SecretListPage, ServiceFailure> {
    ServiceAnswer.object(response).flatMap { body in
      do throws(SecretListPage.Problem) {
        return .success(try SecretListPage(wire: body))
      } catch {
        return .failure(ServiceAnswer.malformed(response, "has \(error.what)"))
      }
    }
  }

  static func versions(_ response: HTTPResponse) -> Result<[SecretVersion], ServiceFailure> {
    ServiceAnswer.object(response).flatMap { body in
      guard let versions = body["Versions"]?.array else {
        return body["Versions"] == nil
          ? .success([])
          : .failure(ServiceAnswer.malformed(response, "has no list of versions"))
      }
      return .success(
        versions.compactMap { version in
          guard let id = version["VersionId"]?.string else { return nil }
          let created = version["CreatedDate"]
          let seconds = created?.double ?? created?.string.flatMap(Double.init)
          return SecretVersion(
            versionID: id, stages: (version["VersionStages"]?.array ?? []).compactMap(\.string),
            createdAt: seconds.flatMap(Timestamp.init(epochSeconds:)))
        })
    }
  }
}
