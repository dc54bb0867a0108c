internal import Cryptography
internal import DurableFiles
internal import RotationCore

/// Signature, time stamp, and the bytes of the archive itself.
extension BundleVerifier {
  static func checkSeals(
    _ place: (String) -> String?, over sums: String, _ demand: VerificationDemand,
    _ verification: inout Verification
  ) throws(EvidenceError) {
    try checkSignature(place(RunLayout.signatureFile), over: sums, demand, &verification)
    try checkTimestamp(place(RunLayout.timestampFile), over: sums, demand, &verification)
  }

  private static func checkSignature(
    _ signature: String?, over sums: String, _ demand: VerificationDemand,
    _ verification: inout Verification
  ) throws(EvidenceError) {
    guard let key = demand.publicKey else {
      verification.note(
        signature == nil
          ? "not signed: nothing proves who made it"
          : "signed, and the signature is not checked: give --public-key")
      return
    }
    guard let signature else {
      verification.broken("not signed, and a signature is asked for")
      return
    }
    let bytes: [UInt8]
    do { bytes = try DurableFile.read(signature, atMost: 4096) } catch { throw .file(error) }
    let text = try MappedFile(path: sums)
    verification.isSigned = text.withBytes { key.accepts(bytes, of: $0) }
    if !verification.isSigned {
      verification.broken("the signature does not fit \(RunLayout.sumsFile) and this key")
    }
  }

  private static func checkTimestamp(
    _ path: String?, over sums: String, _ demand: VerificationDemand,
    _ verification: inout Verification
  ) throws(EvidenceError) {
    guard let path else {
      if demand.authorities != nil {
        verification.broken("no time stamp, and one is asked for")
      }
      return
    }
    let bytes: [UInt8]
    do { bytes = try DurableFile.read(path, atMost: 1 << 20) } catch { throw .file(error) }
    let (digest, _) = try SHA256.file(sums)
    do throws(KeyError) {
      let reply = try TimestampReply(bytes: bytes)
      guard reply.covers(digest) else {
        verification.broken("the time stamp is about another \(RunLayout.sumsFile)")
        return
      }
      let time = Timestamp(milliseconds: reply.seconds * 1000)
      guard let authorities = demand.authorities else {
        verification.note(
          "a time stamp says \(time.iso8601), and who says so is not checked: give --tsa-ca")
        return
      }
      try reply.check(digest, roots: authorities)
      verification.timestamp = time
    } catch {
      verification.broken("the time stamp is not good: \(error.what)")
    }
  }

  /// Packs the contents anew and compares all bytes, so that none is without a meaning.
  ///
  /// Needed where no `.sha256` beside the bundle covers them: headers and padding of an archive
  /// hold bits that no reader looks at.
  static func checkBytes(
    of bundle: OpenedBundle, _ contents: BundleContents, _ evidence: RunEvidence,
    _ rebuilt: RebuiltFiles, _ verification: inout Verification
  ) throws(EvidenceError) {
    guard !contents.isEncrypted else {
      verification.note(
        "the bytes between the files of an encrypted zip are covered by its .sha256 alone")
      return
    }
    let format: BundleFormat
    let head = try reading { () throws(FileError) in
      try ChunkedFile(path: bundle.path, chunkBytes: 1).read(at: 0, count: 4)
    }
    switch head {
    case [0x28, 0xB5, 0x2F, 0xFD]: format = .tarZst
    case [0x50, 0x4B, 0x03, 0x04]: format = .zip
    case _ where head.starts(with: [0x1F, 0x8B]): format = .tarGz
    default:
      verification.broken(
        "not packed as a bundle is; --repacked checks the contents of an archive of other tools")
      return
    }
    var files = rebuilt.copies + rebuilt.derived
    for name in BundleShape.seals {
      guard let path = contents.path(of: name) else { continue }
      let (digest, bytes) = try SHA256.file(path)
      files.append(WrittenFile(name: name, bytes: bytes, digest: digest))
    }
    let derived = Set(rebuilt.derived.map(\.name))
    let again = "\(rebuilt.folder.path)/again"
    func place(_ name: String) -> String {
      derived.contains(name)
        ? "\(rebuilt.folder.path)/\(name)" : contents.path(of: name) ?? "/dev/null"
    }
    _ = try BundlePacker.pack(
      files, rebuilt.reports, of: evidence, from: place, to: again, format)
    let same = try SHA256.file(again).digest == SHA256.file(bundle.path).digest
    DurableFile.remove(again)
    if !same {
      verification.broken(
        "the contents hold, but packed by \(ArchiveText.version) they give other bytes: changed "
          + "where no file lies, or packed by other libraries; its .sha256 beside it or --repacked "
          + "settles that")
    }
  }
}
