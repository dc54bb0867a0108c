import RotationCore
import SecretsManagerClient
import TestSupport
import Testing

/// Judged by the SDKs' public cases of where the two files lie.
@Suite(.enabled(if: ConformanceFiles.isThere, "the shared conformance data is not here"))
struct FileLocations {
  @Test func `the files are found where the SDKs find them`() throws {
    let file = try ConformanceFiles.json("aws-profile-parser/file-location-tests.json")
    var run = 0
    var others = 0
    for test in file["tests"]?.array ?? [] {
      // Folders of Windows: this tool runs on Linux.
      guard test["platform"]?.string == "linux" else {
        others += 1
        continue
      }
      run += 1
      let folder = try TemporaryDirectory()
      let config = folder.path + (test["configLocation"]?.string ?? "")
      let credentials = folder.path + (test["credentialsLocation"]?.string ?? "")
      let profile = test["profile"]?.string ?? "default"
      let header = profile == "default" ? "[default]" : "[profile \(profile)]"
      try folder.write(test["configLocation"]?.string ?? "", "\(header)\nfrom = config\n")
      try folder.write(test["credentialsLocation"]?.string ?? "", "[\(profile)]\nkey = other\n")
      var environment = Fixture.strings(test["environment"])
      for (name, value) in environment where value.hasPrefix("/") {
        environment[name] = folder.path + value
      }
      let settings = try AWSConfiguration.load(environment: environment)
      #expect(settings.profileName(nil) == profile)
      #expect(settings.origin(of: "from", profile: nil)?.path == config)
      #expect(settings.origin(of: "key", profile: nil)?.path == credentials)
      #expect(settings.origin(of: "key", profile: nil)?.isCredentialsFile == true)
    }
    #expect(run == 4 && others == 5)
  }

  @Test func `a broken file stops with the CLI's sentence`() throws {
    let folder = try TemporaryDirectory()
    let path = try folder.write("config", "[default]\nnonsense\n")
    do throws(ConfigurationError) {
      _ = try AWSConfiguration.load(environment: ["AWS_CONFIG_FILE": path, "HOME": folder.path])
      Issue.record("accepted")
    } catch {
      #expect(error.sentence == "Unable to parse config file: \(path)")
      #expect(error.message == error.sentence + " (line 2: no '=' after the key)")
    }
  }
}
