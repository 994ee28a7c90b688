// What Sources/ActnetCore uses of Apple's Accelerate; see CoreML.swift.
public typealias vDSP_Stride = Int
public typealias vDSP_Length = UInt

public struct CBLAS_ORDER: Sendable {}
public struct CBLAS_TRANSPOSE: Sendable {}
public let CblasRowMajor = CBLAS_ORDER()
public let CblasNoTrans = CBLAS_TRANSPOSE()

public func vDSP_vflt8(
    _ source: UnsafePointer<Int8>, _ sourceStride: vDSP_Stride,
    _ target: UnsafeMutablePointer<Float>, _ targetStride: vDSP_Stride, _ count: vDSP_Length
) {}
public func cblas_sgemv(
    _ order: CBLAS_ORDER, _ transpose: CBLAS_TRANSPOSE, _ rows: Int32, _ columns: Int32,
    _ alpha: Float, _ matrix: UnsafePointer<Float>, _ leading: Int32,
    _ vector: UnsafePointer<Float>, _ vectorStride: Int32, _ beta: Float,
    _ result: UnsafeMutablePointer<Float>, _ resultStride: Int32
) {}
