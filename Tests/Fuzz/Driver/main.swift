// libFuzzer around one reader: `drive TARGET [libFuzzer's arguments]`. Built by `Tests/Fuzz/fuzz`.

import FuzzTargets
import Glibc

@_silgen_name("LLVMFuzzerRunDriver")
func runDriver(
  _ count: UnsafeMutablePointer<CInt>,
  _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
  _ body: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

nonisolated(unsafe) var target = FuzzTarget.csv
nonisolated(unsafe) var scratch = ""

guard CommandLine.argc > 1, let name = CommandLine.arguments.dropFirst().first,
  let wanted = FuzzTarget(rawValue: name)
else {
  let names = FuzzTarget.allCases.map(\.rawValue).joined(separator: " ")
  let text = Array("name one of: \(names)\n".utf8)
  _ = write(STDERR_FILENO, text, text.count)
  exit(2)
}
target = wanted

var template = Array("/tmp/rotactl-fuzz-XXXXXX".utf8CString)
guard mkdtemp(&template) != nil else { exit(1) }
scratch = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)

// The target's name is taken out of the arguments that libFuzzer sees.
let all = CommandLine.unsafeArgv
for index in 1..<Int(CommandLine.argc) { all[index] = all[index + 1] }
var count = CommandLine.argc - 1
var arguments = UnsafeMutableRawPointer(all).assumingMemoryBound(
  to: UnsafeMutablePointer<CChar>?.self)
let status = withUnsafeMutablePointer(to: &arguments) { pointer in
  runDriver(&count, pointer) { bytes, length in
    target.read(Array(UnsafeBufferPointer(start: bytes, count: length)), scratch: scratch)
    return 0
  }
}
exit(status)
