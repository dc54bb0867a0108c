/// How a line of JSON is cut into what its shape decides and what is its own.
struct LineCut: Sendable {
  /// The texts of so many labels are found; lines with more are cut as if they had none.
  static let maximumTexts = 32

  /// The beginning, the fields of an ARN, then what stands between and behind the own texts.
  var pieces = Array(repeating: RowShapes.Piece(start: 0, count: 0), count: maximumTexts + 3)
  /// The texts of labels.
  var texts = Array(repeating: RowShapes.Piece(start: 0, count: 0), count: maximumTexts)
  var finder = Finder()

  /// What a line was cut into.
  struct Found {
    let id: UnsafeRawBufferPointer
    /// Where the next line begins.
    let next: Int
    let pieces: Int
    let texts: Int
  }

  struct Finder: Sendable {
    /// Some line had labels.
    var seeksLabels = false
  }

  /// Whether the texts that were found are the labels that the whole reader found.
  ///
  /// A name could be hidden by escapes, or stand in an object that is not ours; so where there are
  /// texts, there must be no backslash around them and `labels` but once.
  static func isSure(
    _ entry: ManifestEntry, _ found: Found, _ pieces: UnsafeMutableBufferPointer<RowShapes.Piece>,
    _ texts: UnsafeMutableBufferPointer<RowShapes.Piece>, in line: UnsafeRawBufferPointer
  ) -> Bool {
    if found.texts == 0 { return true }
    var names = 0
    for piece in pieces[..<found.pieces] {
      let part = line[piece.start..<piece.start + piece.count]
      if part.contains(UInt8(ascii: "\\")) { return false }
      for start in part.indices where part[start...].starts(with: #"labels""#.utf8) { names += 1 }
    }
    return names == 1 && entry.labels.count == found.texts
      && zip(entry.labels, texts).allSatisfy { label, text in
        label.value.utf8.elementsEqual(line[text.start..<text.start + text.count])
      }
  }
}

extension LineCut.Finder {
  /// Cuts a line of a known beginning.
  ///
  /// - Returns: nil for an id or line that is unusual or not complete.
  @inline(__always)
  func cut(
    _ bytes: UnsafeRawBufferPointer, from start: Int, head: Int,
    into pieces: UnsafeMutableBufferPointer<RowShapes.Piece>,
    _ texts: UnsafeMutableBufferPointer<RowShapes.Piece>
  ) -> LineCut.Found? {
    guard let base = bytes.baseAddress else { return nil }
    let begin = start &+ head
    guard let end = Self.textEnd(base, begin, bytes.count) else { return nil }
    let id = UnsafeRawBufferPointer(start: base + begin, count: end &- begin)
    guard let resource = PlainID.resourceStart(id) else { return nil }
    pieces[0] = RowShapes.Piece(start: start, count: head)
    pieces[1] = RowShapes.Piece(start: begin, count: resource)
    var at = end
    var count = 0
    if seeksLabels, let found = Self.labels(base, end, bytes.count, texts), found > 0 {
      for index in 0..<found {
        pieces[2 &+ index] = RowShapes.Piece(start: at, count: texts[index].start &- at)
        at = texts[index].start &+ texts[index].count
      }
      count = found
    }
    guard let stop = Self.lineEnd(base, at, bytes.count),
      let next = ByteWords.lineAfter(stop, in: bytes)
    else { return nil }
    pieces[2 &+ count] = RowShapes.Piece(start: at, count: stop &- at)
    return LineCut.Found(id: id, next: next, pieces: 3 &+ count, texts: count)
  }

  /// The quote that ends a text; nil where a backslash, a control character or another than ASCII
  /// comes first.
  @inline(__always)
  private static func textEnd(_ base: UnsafeRawPointer, _ start: Int, _ end: Int) -> Int? {
    var at = start
    while at &+ 8 <= end {
      let word = ByteWords.load(base, at)
      let hits =
        ByteWords.zeros(word ^ ByteWords.repeated(UInt8(ascii: "\"")))
        | ByteWords.zeros(word ^ ByteWords.repeated(UInt8(ascii: "\\")))
        | ByteWords.below(0x20, word) | word & ByteWords.highs
      if hits != 0 {
        at &+= ByteWords.first(hits)
        return byte(base, at) == UInt8(ascii: "\"") ? at : nil
      }
      at &+= 8
    }
    return nil
  }

  /// The LF or CR that ends the line.
  @inline(__always)
  private static func lineEnd(_ base: UnsafeRawPointer, _ start: Int, _ end: Int) -> Int? {
    var at = start
    while at &+ 8 <= end {
      let word = ByteWords.load(base, at)
      let hits =
        ByteWords.zeros(word ^ ByteWords.repeated(0x0A))
        | ByteWords.zeros(word ^ ByteWords.repeated(0x0D))
      if hits != 0 { return at &+ ByteWords.first(hits) }
      at &+= 8
    }
    return nil
  }

  @inline(__always)
  private static func byte(_ base: UnsafeRawPointer, _ offset: Int) -> UInt8 {
    base.load(fromByteOffset: offset, as: UInt8.self)
  }

  // MARK: - Labels

  /// Finds the texts of the labels, all of which are strings.
  ///
  /// - Returns: how many; nil where there are no labels, or some that are unusual.
  private static func labels(
    _ base: UnsafeRawPointer, _ start: Int, _ end: Int,
    _ texts: UnsafeMutableBufferPointer<RowShapes.Piece>
  ) -> Int? {
    guard var at = labelsBegin(base, start, end) else { return nil }
    var count = 0
    while count < texts.count {
      guard take(UInt8(ascii: "\""), base, &at, end), let name = textEnd(base, at, end) else {
        return nil
      }
      at = name &+ 1
      guard take(UInt8(ascii: ":"), base, &at, end), take(UInt8(ascii: "\""), base, &at, end),
        let stop = textEnd(base, at, end)
      else { return nil }
      texts[count] = RowShapes.Piece(start: at, count: stop &- at)
      count &+= 1
      at = stop &+ 1
      if take(UInt8(ascii: "}"), base, &at, end) { return count }
      guard take(UInt8(ascii: ","), base, &at, end) else { return nil }
    }
    return nil
  }

  /// Passes blanks and one byte.
  private static func take(
    _ wanted: UInt8, _ base: UnsafeRawPointer, _ at: inout Int, _ end: Int
  ) -> Bool {
    var index = at
    while index < end, byte(base, index) == 0x20 { index &+= 1 }
    guard index < end, byte(base, index) == wanted else { return false }
    at = index &+ 1
    return true
  }

  /// Where the members of `"labels": {` begin; nil when the line ends before.
  private static func labelsBegin(
    _ base: UnsafeRawPointer, _ start: Int, _ end: Int
  ) -> Int? {
    let name: UInt64 = 0x2273_6C65_6261_6C22  // "labels" in its quotes
    var at = start
    while at &+ 8 <= end {
      let word = ByteWords.load(base, at)
      let hits =
        ByteWords.zeros(word ^ ByteWords.repeated(UInt8(ascii: "\"")))
        | ByteWords.below(0x20, word)
      if hits == 0 {
        at &+= 8
        continue
      }
      at &+= ByteWords.first(hits)
      guard byte(base, at) == UInt8(ascii: "\""), at &+ 8 <= end else { return nil }
      if ByteWords.load(base, at) == name {
        at &+= 8
        guard take(UInt8(ascii: ":"), base, &at, end), take(UInt8(ascii: "{"), base, &at, end)
        else { return nil }
        return at
      }
      at &+= 1
    }
    return nil
  }
}
