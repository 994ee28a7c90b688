/// Tells whether the camera stands still, by the descriptors of whole frames: only then a frame is worth
/// the views and the verification, which take about ten times as long.
public struct Steadiness: Sendable {
    /// Similarity of two frames between which the camera stood still.
    public static let steady: Float = 0.8

    private var last: [Float]?

    public init() {}

    /// Takes the descriptor of the next frame in, of length 1.
    ///
    /// - Returns: whether it is like that of the frame before.
    public mutating func take(_ descriptor: [Float]) -> Bool {
        defer { last = descriptor }
        guard let last, last.count == descriptor.count else { return false }
        return zip(last, descriptor).reduce(0) { $0 + $1.0 * $1.1 } >= Self.steady
    }

    /// Begins anew, as when the camera starts.
    public mutating func reset() {
        last = nil
    }
}
