/// A plain tar archive in memory, taken apart and put together without libarchive.
///
/// Reference: POSIX, pax, "ustar Interchange Format".
struct PlainTar {
  struct Entry {
    var name: String
    var bytes: [UInt8] = []
    /// `0` file, `1` hard link, `2` symbolic link, `3` device, `5` folder.
    var kind: Character = "0"
    var link = ""
    /// What the header says; nil for the true size.
    var claimedSize: Int?
  }

  var entries: [Entry] = []

  init(_ entries: [Entry] = []) { self.entries = entries }

  /// Takes an archive of short names apart.
  init(parsing bytes: [UInt8]) {
    var offset = 0
    func text(_ start: Int, _ count: Int) -> String {
      let field = bytes[(offset + start)..<(offset + start + count)]
      return String(decoding: field.prefix { $0 != 0 }, as: UTF8.self)
    }
    while offset + 512 <= bytes.count, bytes[offset] != 0 {
      let size = Int(text(124, 12).filter(\.isNumber), radix: 8) ?? 0
      let prefix = text(345, 155)
      let name = prefix.isEmpty ? text(0, 100) : "\(prefix)/\(text(0, 100))"
      let content = Array(bytes[(offset + 512)..<(offset + 512 + size)])
      entries.append(Entry(name: name, bytes: content))
      offset += 512 + (size + 511) / 512 * 512
    }
  }

  var bytes: [UInt8] {
    var archive: [UInt8] = []
    for entry in entries {
      archive += header(of: entry) + entry.bytes
      archive += [UInt8](repeating: 0, count: (512 - entry.bytes.count % 512) % 512)
    }
    return archive + [UInt8](repeating: 0, count: 1024)
  }

  private func header(of entry: Entry) -> [UInt8] {
    var block = [UInt8](repeating: 0, count: 512)
    func put(_ text: String, _ offset: Int, _ limit: Int) {
      for (index, byte) in text.utf8.prefix(limit).enumerated() { block[offset + index] = byte }
    }
    func octal(_ value: Int, _ width: Int) -> String {
      let digits = String(value, radix: 8)
      return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
    put(entry.name, 0, 100)
    put(octal(0o644, 7), 100, 7)
    put(octal(0, 7), 108, 7)
    put(octal(0, 7), 116, 7)
    put(octal(entry.claimedSize ?? entry.bytes.count, 11), 124, 11)
    put(octal(1_795_457_501, 11), 136, 11)
    put("        ", 148, 8)
    put(String(entry.kind), 156, 1)
    put(entry.link, 157, 100)
    put("ustar\u{0}00", 257, 8)
    put(octal(block.reduce(0) { $0 + Int($1) }, 6) + "\u{0} ", 148, 8)
    return block
  }

  /// The position of the entry whose name ends so.
  func index(_ suffix: String) -> Int? { entries.firstIndex { $0.name.hasSuffix(suffix) } }
}
