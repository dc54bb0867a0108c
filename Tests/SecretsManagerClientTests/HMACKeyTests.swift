import Cryptography
import TestSupport
import Testing

@Suite struct HMACKeyTests {
  @Test func `a key that is kept signs as one that is given each time`() {
    var random = SeededRandom(seed: 11)
    for length in [0, 1, 31, 32, 63, 64, 65, 200] {
      let key = (0..<length).map { _ in UInt8.random(in: 0...255, using: &random) }
      let kept = HMACKey(SecretBytes(key))
      for count in [0, 1, 55, 56, 64, 1000] {
        let text = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
        #expect(kept.hex(text) == Hex.text(HMAC.sha256(key: key, text)))
      }
    }
  }
}
