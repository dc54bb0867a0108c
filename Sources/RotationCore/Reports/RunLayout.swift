/// The names inside `reports/<run-id>/`, and with the same names inside the bundle.
package enum RunLayout {
  package static let runFile = "run.json"
  package static let planFile = "plan.ndjson"
  package static let journalFile = "journal.ndjson"
  package static let manifestFolder = "manifest"
  /// What the manifests' selectors were chosen from; only where there are some.
  package static let populationFile = "population.json"
  package static let secretsFolder = "secrets"
  package static let resultsFile = "results.csv"
  package static let failedFile = "failed.csv"
  package static let restoreFile = "restore.ndjson"
  package static let summaryFile = "summary.json"
  package static let summaryPage = "summary.html"
  package static let sumsFile = "SHA256SUMS"
  package static let signatureFile = "SHA256SUMS.sig"
  /// The answer of a time-stamping authority (RFC 3161).
  package static let timestampFile = "SHA256SUMS.tsr"
  package static let indexFile = "index.json"
  package static let openItemsFile = "open-items.ndjson"
  /// How to check all of it with common tools.
  package static let guideFile = "VERIFY.md"
  package static let schemasFolder = "schemas"
  /// Kept out of the bundle.
  package static let lockFile = "lock"
  /// What `tune` asks of the run; kept out of the bundle.
  package static let limitsFile = "limits.json"
}
