internal import COpenSSL
internal import Glibc

/// A question to a time-stamping authority (RFC 3161): when did this hash exist.
package struct TimestampRequest: Sendable {
  package static let mediaType = "application/timestamp-query"

  /// DER, to be sent as the body of a POST.
  package let bytes: [UInt8]

  /// Asks for a hash, with a random nonce and the authority's certificates in the answer.
  package init(over digest: SHA256Digest) throws(KeyError) {
    guard let request = TS_REQ_new() else { throw KeyError(what: PEM.reason()) }
    defer { TS_REQ_free(request) }
    guard let imprint = TimestampRequest.imprint(digest) else {
      throw KeyError(what: PEM.reason())
    }
    defer { TS_MSG_IMPRINT_free(imprint) }
    guard let number = BN_bin2bn(SecureRandom.bytes(8), 8, nil) else {
      throw KeyError(what: PEM.reason())
    }
    defer { BN_free(number) }
    guard let nonce = BN_to_ASN1_INTEGER(number, nil) else { throw KeyError(what: PEM.reason()) }
    defer { ASN1_INTEGER_free(nonce) }
    guard TS_REQ_set_version(request, 1) == 1, TS_REQ_set_msg_imprint(request, imprint) == 1,
      TS_REQ_set_nonce(request, nonce) == 1, TS_REQ_set_cert_req(request, 1) == 1
    else { throw KeyError(what: PEM.reason()) }
    var encoded: UnsafeMutablePointer<UInt8>?
    let count = i2d_TS_REQ(request, &encoded)
    guard count > 0, let encoded else { throw KeyError(what: PEM.reason()) }
    defer { CRYPTO_free(encoded, "", 0) }
    bytes = Array(UnsafeBufferPointer(start: encoded, count: Int(count)))
  }

  private static func imprint(_ digest: SHA256Digest) -> OpaquePointer? {
    guard let imprint = TS_MSG_IMPRINT_new() else { return nil }
    var raw = digest.bytes
    guard let algorithm = X509_ALGOR_new() else {
      TS_MSG_IMPRINT_free(imprint)
      return nil
    }
    defer { X509_ALGOR_free(algorithm) }
    guard X509_ALGOR_set0(algorithm, OBJ_nid2obj(NID_sha256), V_ASN1_NULL, nil) == 1,
      TS_MSG_IMPRINT_set_algo(imprint, algorithm) == 1,
      TS_MSG_IMPRINT_set_msg(imprint, &raw, Int32(raw.count)) == 1
    else {
      TS_MSG_IMPRINT_free(imprint)
      return nil
    }
    return imprint
  }
}

/// What a time-stamping authority answered: its token, with the time that it vouches for.
///
/// Reference: RFC 3161; OpenSSL, TS_RESP_verify_response(3).
package final class TimestampReply: Sendable {
  /// Never written after `init`, freed in `deinit`.
  nonisolated(unsafe) private let reply: OpaquePointer
  /// Seconds since 1970.
  package let seconds: Int64

  /// Reads the DER of an answer.
  ///
  /// - Throws: with the authority's own words where it did not grant a token.
  package init(bytes: [UInt8]) throws(KeyError) {
    let parsed = bytes.withUnsafeBufferPointer { raw -> OpaquePointer? in
      var start = raw.baseAddress
      let reply = d2i_TS_RESP(nil, &start, raw.count)
      guard let reply else { return nil }
      // What follows the token would be covered by nothing.
      guard let start, let base = raw.baseAddress, start - base == raw.count else {
        TS_RESP_free(reply)
        return nil
      }
      return reply
    }
    guard let parsed else {
      ERR_clear_error()
      throw KeyError(what: "not an answer of a time-stamping authority")
    }
    guard let facts = TS_RESP_get_tst_info(parsed), let time = TS_TST_INFO_get_time(facts) else {
      let status = TS_RESP_get_status_info(parsed).flatMap { TS_STATUS_INFO_get0_status($0) }
      let code = status.map { ASN1_INTEGER_get($0) } ?? -1
      TS_RESP_free(parsed)
      throw KeyError(what: "the time-stamping authority granted no token (status \(code))")
    }
    var moment = tm()
    guard ASN1_TIME_to_tm(time, &moment) == 1 else {
      TS_RESP_free(parsed)
      throw KeyError(what: "the token has no readable time")
    }
    seconds = Int64(timegm(&moment))
    reply = parsed
  }

  deinit { TS_RESP_free(reply) }

  /// Whether the token answers that very question: same hash, same nonce.
  package func answers(_ request: TimestampRequest) -> Bool {
    defer { ERR_clear_error() }
    return request.bytes.withUnsafeBufferPointer { raw in
      var start = raw.baseAddress
      guard let question = d2i_TS_REQ(nil, &start, raw.count) else { return false }
      defer { TS_REQ_free(question) }
      guard let context = TS_REQ_to_TS_VERIFY_CTX(question, nil) else { return false }
      defer { TS_VERIFY_CTX_free(context) }
      // Who signed is asked by those who check the bundle, with roots of their own choice.
      TS_VERIFY_CTX_set_flags(context, Int32(TS_VFY_VERSION | TS_VFY_IMPRINT | TS_VFY_NONCE))
      return TS_RESP_verify_response(context, reply) == 1
    }
  }

  /// Whether the token is about this SHA-256.
  package func covers(_ digest: SHA256Digest) -> Bool {
    defer { ERR_clear_error() }
    guard let facts = TS_RESP_get_tst_info(reply),
      let imprint = TS_TST_INFO_get_msg_imprint(facts),
      let algorithm = TS_MSG_IMPRINT_get_algo(imprint), let hash = TS_MSG_IMPRINT_get_msg(imprint)
    else { return false }
    var kind: OpaquePointer?
    X509_ALGOR_get0(&kind, nil, nil, algorithm)
    guard OBJ_obj2nid(kind) == NID_sha256, let start = ASN1_STRING_get0_data(hash) else {
      return false
    }
    return UnsafeBufferPointer(start: start, count: Int(ASN1_STRING_length(hash)))
      .elementsEqual(digest.bytes)
  }

  /// Checks that an authority under these roots signed the token for this hash.
  ///
  /// Certificates are judged at the token's own time, so that it stays good when they end.
  ///
  /// - `roots`: a PEM file.
  /// - Throws: with libcrypto's reason when it is not so.
  package func check(_ digest: SHA256Digest, roots: String) throws(KeyError) {
    guard covers(digest) else { throw KeyError(what: "the token is about another hash") }
    guard let context = TS_VERIFY_CTX_new(), let store = X509_STORE_new() else {
      throw KeyError(what: PEM.reason())
    }
    defer { TS_VERIFY_CTX_free(context) }
    guard X509_STORE_load_file(store, roots) == 1 else {
      X509_STORE_free(store)
      ERR_clear_error()
      throw KeyError(what: "\(roots) holds no certificate in PEM form")
    }
    if let parameters = X509_STORE_get0_param(store) {
      X509_VERIFY_PARAM_set_time(parameters, time_t(seconds))
    }
    TS_VERIFY_CTX_set_flags(
      context, Int32(TS_VFY_VERSION | TS_VFY_IMPRINT | TS_VFY_SIGNATURE))
    // Both belong to the context from here on.
    TS_VERIFY_CTX_set_store(context, store)
    guard let copy = CRYPTO_malloc(32, "", 0) else { throw KeyError(what: "no memory") }
    copy.copyMemory(from: digest.bytes, byteCount: 32)
    TS_VERIFY_CTX_set_imprint(context, copy.assumingMemoryBound(to: UInt8.self), 32)
    guard TS_RESP_verify_response(context, reply) == 1 else { throw KeyError(what: PEM.reason()) }
  }
}
