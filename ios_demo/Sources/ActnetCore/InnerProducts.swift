#if canImport(Accelerate)
    import Accelerate
#endif

/// Inner products of one query with many rows.
enum InnerProducts {
    /// Up to this many int8 values every sum of products is a whole number below 2^24, which a
    /// Float holds exactly in whatever order it is added: 127 x 127 x 1040 < 2^24.
    static let longestExactInFloat = 1040

    /// Whole numbers of at most 16129 x D, exact; the reference for every other way.
    ///
    /// Eight sums side by side. Two products fit into an Int16 (2 x 127 x 128 < 2^15) and are
    /// widened together.
    ///
    /// - Parameters:
    ///   - rows: `sums.count` x D values. query: D values, -127 to 127.
    ///   - sums: one for each row.
    static func plain(
        rows: UnsafePointer<Int8>, query: UnsafeBufferPointer<Int8>,
        into sums: UnsafeMutableBufferPointer<Float64>
    ) {
        let dim = query.count
        let whole = dim - dim % 16
        let wideQuery = query.map(Int16.init)
        wideQuery.withUnsafeBytes { bytes in
            guard let asked = bytes.baseAddress else { return }
            for row in 0..<sums.count {
                let values = UnsafeRawPointer(rows + row &* dim)
                var lanes = SIMD8<Int32>()
                var i = 0
                while i < whole {
                    let low = widened(values + i) &* lanes16(asked + 2 &* i)
                    let high = widened(values + i + 8) &* lanes16(asked + 2 &* i + 16)
                    lanes &+= SIMD8<Int32>(truncatingIfNeeded: low &+ high)
                    i &+= 16
                }
                var sum = lanes.wrappedSum()
                for i in whole..<dim { sum &+= Int32(rows[row * dim + i]) &* Int32(query[i]) }
                sums[row] = Float64(sum)
            }
        }
    }

    private static func lanes16(_ bytes: UnsafeRawPointer) -> SIMD8<Int16> {
        bytes.loadUnaligned(as: SIMD8<Int16>.self)
    }

    private static func widened(_ bytes: UnsafeRawPointer) -> SIMD8<Int16> {
        SIMD8<Int16>(truncatingIfNeeded: bytes.loadUnaligned(as: SIMD8<Int8>.self))
    }

    /// Halves that were widened: added in eight Floats side by side.
    static func plain(
        rows: UnsafePointer<Float>, query: UnsafeBufferPointer<Float>,
        into sums: UnsafeMutableBufferPointer<Float64>
    ) {
        let dim = query.count
        let whole = dim - dim % 8
        for row in 0..<sums.count {
            let values = UnsafeRawPointer(rows + row * dim)
            let asked = UnsafeRawBufferPointer(query)
            var lanes = SIMD8<Float>()
            for i in stride(from: 0, to: whole, by: 8) {
                lanes +=
                    values.loadUnaligned(fromByteOffset: 4 * i, as: SIMD8<Float>.self)
                    * asked.loadUnaligned(fromByteOffset: 4 * i, as: SIMD8<Float>.self)
            }
            var sum = lanes.sum()
            for i in whole..<dim { sum += rows[row * dim + i] * query[i] }
            sums[row] = Float64(sum)
        }
    }

    #if canImport(Accelerate)
        /// The same whole numbers by Accelerate: widened to Float, then one matrix-vector product.
        ///
        /// - Parameter query: at most `longestExactInFloat` values.
        static func accelerated(
            rows: UnsafePointer<Int8>, query: UnsafeBufferPointer<Int8>,
            into sums: UnsafeMutableBufferPointer<Float64>
        ) {
            let dim = query.count
            var wideRows = [Float](repeating: 0, count: sums.count * dim)
            vDSP_vflt8(rows, 1, &wideRows, 1, vDSP_Length(wideRows.count))
            let wideQuery = query.map(Float.init)
            var products = [Float](repeating: 0, count: sums.count)
            cblas_sgemv(
                CblasRowMajor, CblasNoTrans, Int32(sums.count), Int32(dim), 1, wideRows, Int32(dim),
                wideQuery, 1, 0, &products, 1)
            for row in 0..<sums.count { sums[row] = Float64(products[row]) }
        }
    #endif
}
