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

// libFuzzer starts this program again for some of its jobs, without the target's name.
let inherited = getenv("ROTACTL_FUZZ_TARGET").map { String(cString: $0) }
let named = CommandLine.arguments.dropFirst().first.flatMap(FuzzTarget.init(rawValue:))
guard let wanted = named ?? inherited.flatMap(FuzzTarget.init(rawValue:)) else {
  let names = FuzzTarget.allCases.map(\.rawValue).joined(separator: " ")
  let text = Array("name one of: \(names)\n".utf8)
  _ = write(STDERR_FILENO, text, text.count)
  exit(2)
}
target = wanted
setenv("ROTACTL_FUZZ_TARGET", wanted.rawValue, 1)

let place = getenv("ROTACTL_FUZZ_SCRATCH").map { String(cString: $0) } ?? "/tmp"
var template = Array("\(place)/rotactl-fuzz-XXXXXX".utf8CString)
guard mkdtemp(&template) != nil else { exit(1) }
scratch = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
// libFuzzer leaves by itself.
atexit {
  unlink(scratch + "/input")
  rmdir(scratch)
}

// The target's name is taken out of the arguments that libFuzzer sees.
let all = CommandLine.unsafeArgv
var count = CommandLine.argc
if named != nil {
  for index in 1..<Int(count) { all[index] = all[index + 1] }
  count -= 1
}
var arguments = UnsafeMutableRawPointer(all).assumingMemoryBound(
  to: UnsafeMutablePointer<CChar>?.self)
let status = withUnsafeMutablePointer(to: &arguments) { pointer in
  runDriver(&count, pointer) { bytes, length in
    target.read(Array(UnsafeBufferPointer(start: bytes, count: length)), scratch: scratch)
    return 0
  }
}
exit(status)
