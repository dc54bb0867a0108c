import DurableFiles
import Foundation
import FuzzTargets
import TestSupport
import Testing

/// A short drive of every reader with inputs made by chance, the same in every run.
///
/// `Tests/Fuzz/fuzz` is the long one.
@Suite struct FuzzTests {
  private static let rounds =
    ProcessInfo.processInfo.environment["ROTACTL_FUZZ_ROUNDS"].flatMap { Int($0) } ?? 400

  private func corpus(_ target: FuzzTarget) throws -> [[UInt8]] {
    let folder = Conformance.repositoryRoot + "/Tests/Fuzz/corpus/" + target.rawValue
    let named = try DurableFile.list(folder).map { try DurableFile.read(folder + "/" + $0) }
    // What libFuzzer found on its way: a line of base64 for each input.
    let path = Conformance.repositoryRoot + "/Tests/Fuzz/corpus/grown/" + target.rawValue
    let lines = DurableFile.exists(path) ? try DurableFile.read(path) : []
    let grown = lines.split(separator: UInt8(ascii: "\n")).compactMap {
      Data(base64Encoded: String(decoding: $0, as: UTF8.self)).map(Array.init)
    }
    return named + grown
  }

  @Test(arguments: FuzzTarget.allCases)
  func `no bytes end a reader`(target: FuzzTarget) throws {
    let scratch = try TemporaryDirectory()
    let corpus = try corpus(target)
    #expect(!corpus.isEmpty)
    for bytes in corpus { target.read(bytes, scratch: scratch.path) }
    var mutator = Mutator(seed: 20_261_124)
    let rounds = target == .archive ? FuzzTests.rounds / 4 : FuzzTests.rounds
    for _ in 0..<rounds {
      target.read(mutator.input(from: corpus), scratch: scratch.path)
    }
  }

  @Test func `chance repeats itself`() throws {
    let corpus = try corpus(.csv)
    func made(_ seed: UInt64) -> [[UInt8]] {
      var mutator = Mutator(seed: seed)
      return (0..<50).map { _ in mutator.input(from: corpus) }
    }
    #expect(made(1) == made(1))
    #expect(made(1) != made(2))
  }
}
