import RotationCore
import Testing

@Suite struct SipHash128Tests {
  // `vectors_sip128` of the reference implementation: key 00 to 0f, input 00, 01 and on, n bytes.
  @Test(arguments: [
    (0, "a3817f04ba25a8e66df67214c7550293"), (1, "da87c1d86b99af44347659119b22fc45"),
    (63, "5150d1772f50834a503e069a973fbd7c"),
  ])
  func `the reference vectors hold`(_ count: Int, _ expected: String) {
    let key = SipHash128.Key(low: 0x0706_0504_0302_0100, high: 0x0f0e_0d0c_0b0a_0908)
    let input = (0..<count).map { UInt8($0) }
    let digest = input.withUnsafeBytes { SipHash128.hash($0, key: key) }
    var bytes: [UInt8] = []
    withUnsafeBytes(of: digest.low.littleEndian) { bytes.append(contentsOf: $0) }
    withUnsafeBytes(of: digest.high.littleEndian) { bytes.append(contentsOf: $0) }
    let hex = bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    #expect(hex == expected)
  }
}
