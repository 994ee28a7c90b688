/// The kind of a gallery's values.
public enum Storage: String, Sendable, CaseIterable {
    case int8
    case float16

    /// Bytes of one value.
    var valueBytes: Int { self == .int8 ? 1 : 2 }
}

/// Values of descriptors, one after another.
public enum StoredValues: Equatable, Sendable {
    /// -127 to 127.
    case int8([Int8])
    /// Halves, widened so that they can be multiplied.
    case float16([Float])
}

/// Descriptors as a gallery keeps them: `scale * values` has length 1.
///
/// docs/gallery.md writes the arithmetic out.
public struct StoredDescriptors: Equatable, Sendable {
    /// How far from 1 the length of a model's descriptor may be; half precision needs 0.001.
    public static let lengthTolerance = 0.01
    private static let largestInt8 = 127.0

    /// D, values of one descriptor.
    public let dim: Int
    /// N x D values.
    public let values: StoredValues
    /// N, one over the length of each row of `values`.
    public let scales: [Double]

    public var count: Int { scales.count }

    /// What kind the values are.
    public var storage: Storage {
        switch values {
        case .int8: .int8
        case .float16: .float16
        }
    }

    init(dim: Int, values: StoredValues, scales: [Double]) {
        self.dim = dim
        self.values = values
        self.scales = scales
    }

    /// Brings a model's descriptor into a storage.
    ///
    /// - Parameter descriptor: of length 1; anything else would be found wrongly and is refused.
    public init(_ descriptor: [Float], as storage: Storage) throws {
        let wide = descriptor.map(Double.init)
        let length = wide.reduce(0) { $0 + $1 * $1 }.squareRoot()
        guard abs(length - 1) <= Self.lengthTolerance else {
            throw DescriptorError.notOfLengthOne(length)
        }
        dim = descriptor.count
        switch storage {
        case .int8:
            let factor = Self.largestInt8 / wide.reduce(0) { max($0, abs($1)) }
            let rounded = wide.map { Int8(($0 * factor).rounded(.toNearestOrEven)) }
            values = .int8(rounded)
            scales = [1 / rounded.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()]
        case .float16:
            let rounded = wide.map { Float(Float16($0)) }
            values = .float16(rounded)
            scales = [1 / rounded.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()]
        }
    }

    /// The values of the first descriptor as a gallery's blob, little-endian.
    var blob: [UInt8] {
        switch values {
        case .int8(let values):
            values.prefix(dim).map { UInt8(bitPattern: $0) }
        case .float16(let values):
            values.prefix(dim).flatMap { value in
                let bits = Float16(value).bitPattern
                return [UInt8(truncatingIfNeeded: bits), UInt8(truncatingIfNeeded: bits >> 8)]
            }
        }
    }
}

/// Gathers rows of a gallery into one matrix.
struct StoredDescriptorsBuilder {
    private let dim: Int
    private let storage: Storage
    private var bytes: [Int8] = []
    private var halves: [Float] = []
    private var scales: [Double] = []

    init(dim: Int, storage: Storage) {
        self.dim = dim
        self.storage = storage
    }

    /// Adds a row; returns false, and adds nothing, where blob or scale cannot be a descriptor's.
    mutating func append(_ blob: UnsafeRawBufferPointer, scale: Double) -> Bool {
        guard blob.count == dim * storage.valueBytes, scale.isFinite, scale > 0 else {
            return false
        }
        scales.append(scale)
        switch storage {
        case .int8:
            bytes.append(contentsOf: blob.bindMemory(to: Int8.self))
        case .float16:
            for value in 0..<dim {
                let bits = UInt16(blob[2 * value]) | UInt16(blob[2 * value + 1]) << 8
                halves.append(Float(Float16(bitPattern: bits)))
            }
        }
        return true
    }

    func build() -> StoredDescriptors {
        let values: StoredValues = storage == .int8 ? .int8(bytes) : .float16(halves)
        return StoredDescriptors(dim: dim, values: values, scales: scales)
    }
}
