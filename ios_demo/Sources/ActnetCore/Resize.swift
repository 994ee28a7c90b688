/// Preprocessing, version 1: Pillow's antialiased bilinear resize, to the bit.
///
/// docs/preprocessing.md writes the arithmetic out; tests/golden/preprocessing holds it.
public enum Preprocessing {
    public static let name = "pillow-bilinear"
    public static let version = 1
}

extension RgbPicture {
    /// Resizes, not keeping the aspect ratio: rows first, then columns, 8-bit values between them.
    ///
    /// A pass whose length is already right is left out.
    ///
    /// - Returns: nil where a side is below 1 or the picture would be too large.
    public func resized(width: Int, height: Int) -> RgbPicture? {
        // Between the passes the picture is as wide as the result and as high as the source.
        guard Self.isSafe(width: width, height: height),
            Self.isSafe(width: width, height: self.height)
        else { return nil }
        var rows = bytes
        if width != self.width {
            rows = narrowed(Window.all(from: self.width, to: width))
        }
        if height != self.height {
            rows = shortened(rows, rowBytes: 3 * width, Window.all(from: self.height, to: height))
        }
        return RgbPicture(width: width, height: height, bytes: rows)
    }

    /// The horizontal pass: (H, W, 3) -> (H, windows, 3).
    private func narrowed(_ windows: [Window]) -> [UInt8] {
        let (rowBytes, resultRowBytes) = (3 * width, 3 * windows.count)
        return filled(height * resultRowBytes) { target in
            bytes.withUnsafeBufferPointer { source in
                for y in 0..<height {
                    for (x, window) in windows.enumerated() {
                        let from = y * rowBytes + 3 * window.first
                        let (red, green, blue) = window.sums(source, from)
                        let to = y * resultRowBytes + 3 * x
                        target[to] = clamp(red)
                        target[to + 1] = clamp(green)
                        target[to + 2] = clamp(blue)
                    }
                }
            }
        }
    }

    /// The vertical pass: (H, W, 3) -> (windows, W, 3), whole rows at once.
    private func shortened(_ rows: [UInt8], rowBytes: Int, _ windows: [Window]) -> [UInt8] {
        var sums = [Int32](repeating: 0, count: rowBytes)
        return filled(windows.count * rowBytes) { target in
            rows.withUnsafeBufferPointer { source in
                sums.withUnsafeMutableBufferPointer { sums in
                    for (y, window) in windows.enumerated() {
                        sums.update(repeating: Window.half)
                        for (k, weight) in window.weights.enumerated() {
                            let from = (window.first + k) * rowBytes
                            for i in 0..<rowBytes { sums[i] &+= Int32(source[from + i]) &* weight }
                        }
                        for i in 0..<rowBytes { target[y * rowBytes + i] = clamp(sums[i]) }
                    }
                }
            }
        }
    }
}

/// What a pixel of the result is made of: neighbouring pixels of the source and their weights.
private struct Window {
    static let bits: Int32 = 22
    static let half: Int32 = 1 << (bits - 1)

    let first: Int
    /// In units of 2^-22. No sum overflows: that would need a window of 8 million pixels, twice the
    /// ratio of the lengths, and so a source above the largest picture.
    let weights: [Int32]

    static func all(from length: Int, to target: Int) -> [Window] {
        let scale = Double(length) / Double(target)
        return (0..<target).map { Window(centre: (Double($0) + 0.5) * scale, scale, length) }
    }

    private init(centre: Double, _ scale: Double, _ length: Int) {
        let support = max(scale, 1.0)
        let inverse = 1.0 / support
        first = max(0, Int(centre - support + 0.5))
        let end = min(length, Int(centre + support + 0.5))
        let triangle = (first..<end).map { k in
            max(0.0, 1.0 - abs((Double(k) - centre + 0.5) * inverse))
        }
        let total = triangle.reduce(0.0, +)
        weights = triangle.map { Int32($0 / total * Double(1 << Self.bits) + 0.5) }
    }

    func sums(_ source: UnsafeBufferPointer<UInt8>, _ start: Int) -> (Int32, Int32, Int32) {
        var (red, green, blue) = (Self.half, Self.half, Self.half)
        weights.withUnsafeBufferPointer { weights in
            for k in 0..<weights.count {
                let weight = weights[k]
                red &+= Int32(source[start + 3 * k]) &* weight
                green &+= Int32(source[start + 3 * k + 1]) &* weight
                blue &+= Int32(source[start + 3 * k + 2]) &* weight
            }
        }
        return (red, green, blue)
    }
}

private func clamp(_ sum: Int32) -> UInt8 {
    UInt8(truncatingIfNeeded: min(255, max(0, sum >> Window.bits)))
}

private func filled(
    _ count: Int, _ fill: (UnsafeMutableBufferPointer<UInt8>) -> Void
) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: count) { target, initialised in
        fill(target)
        initialised = count
    }
}
