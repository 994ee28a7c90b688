import Foundation

/// SHA-256 (FIPS 180-4) for systems without CryptoKit, with CryptoKit's names.
struct PlainSha256 {
    private static let blockBytes = 64
    private static let roundConstants = fractions(ofRootsOf: 64, root: { cbrt($0) })

    private var state = PlainSha256.fractions(ofRootsOf: 8, root: { $0.squareRoot() })
    private var words = [UInt32](repeating: 0, count: 64)
    private var pending: [UInt8] = []
    private var countBytes: UInt64 = 0

    mutating func update(data: Data) {
        countBytes += UInt64(data.count)
        pending.append(contentsOf: data)
        let whole = pending.count - pending.count % Self.blockBytes
        for start in stride(from: 0, to: whole, by: Self.blockBytes) {
            expand(blockAt: start)
            compress()
        }
        pending.removeFirst(whole)
    }

    mutating func finalize() -> [UInt8] {
        let countBits = countBytes * 8
        let padding = (Self.blockBytes * 2 - 9 - pending.count % Self.blockBytes) % Self.blockBytes
        var last = Data([0x80]) + Data(count: padding)
        last.append(contentsOf: bigEndian(countBits))
        update(data: last)
        return state.flatMap(bigEndian)
    }

    private func bigEndian<T: FixedWidthInteger>(_ value: T) -> [UInt8] {
        withUnsafeBytes(of: value.bigEndian) { Array($0) }
    }

    private mutating func expand(blockAt start: Int) {
        for i in 0..<16 {
            let at = start + 4 * i
            words[i] =
                UInt32(pending[at]) << 24 | UInt32(pending[at + 1]) << 16
                | UInt32(pending[at + 2]) << 8 | UInt32(pending[at + 3])
        }
        for i in 16..<64 {
            let (early, late) = (words[i - 15], words[i - 2])
            let first = turn(early, 7) ^ turn(early, 18) ^ early >> 3
            let second = turn(late, 17) ^ turn(late, 19) ^ late >> 10
            words[i] = words[i - 16] &+ first &+ words[i - 7] &+ second
        }
    }

    private mutating func compress() {
        var (a, b, c, d) = (state[0], state[1], state[2], state[3])
        var (e, f, g, h) = (state[4], state[5], state[6], state[7])
        for i in 0..<64 {
            let choice = (e & f) ^ (~e & g)
            let majority = (a & b) ^ (a & c) ^ (b & c)
            let high = turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)
            let low = turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)
            let mixed = h &+ high &+ choice &+ Self.roundConstants[i] &+ words[i]
            (h, g, f, e, d, c, b, a) = (g, f, e, d &+ mixed, c, b, a, mixed &+ low &+ majority)
        }
        for (i, value) in [a, b, c, d, e, f, g, h].enumerated() { state[i] &+= value }
    }

    private func turn(_ word: UInt32, _ bits: UInt32) -> UInt32 {
        word >> bits | word << (32 - bits)
    }

    /// Returns the first 32 bits of the fractions of the roots of the first primes.
    private static func fractions(
        ofRootsOf count: Int, root: (Double) -> Double
    ) -> [UInt32] {
        var primes: [Int] = []
        var candidate = 2
        while primes.count < count {
            if primes.allSatisfy({ candidate % $0 != 0 }) { primes.append(candidate) }
            candidate += 1
        }
        return primes.map { prime in
            let value = root(Double(prime))
            return UInt32((value - value.rounded(.down)) * 0x1p32)
        }
    }
}
