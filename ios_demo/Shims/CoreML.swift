// What Sources/ActnetCoreML uses of Apple's Core ML, declared from its documentation so that the
// compiler can read those sources on Linux. It proves that they agree with these lines, no more.
import CoreVideo
import Foundation

public struct MLModelMetadataKey: Hashable, Sendable {
    public static let creatorDefinedKey = MLModelMetadataKey()
}

public class MLModelDescription {
    public var metadata: [MLModelMetadataKey: Any] { [:] }
}

public enum MLComputeUnits: Int {
    case cpuOnly, cpuAndGPU, all, cpuAndNeuralEngine
}

public class MLModelConfiguration {
    public init() {}
    public var computeUnits = MLComputeUnits.all
}

public enum MLMultiArrayDataType: Int {
    case double, float32, float16, int32
}

public class MLMultiArray {
    public var dataType: MLMultiArrayDataType { .float32 }
    public var count: Int { 0 }
    public func withUnsafeBufferPointer<S, R>(
        ofType type: S.Type, _ body: (UnsafeBufferPointer<S>) throws -> R
    ) rethrows -> R {
        try body(UnsafeBufferPointer(start: nil, count: 0))
    }
}

public class MLFeatureValue {
    public init(pixelBuffer value: CVPixelBuffer) {}
    public var multiArrayValue: MLMultiArray? { nil }
}

public protocol MLFeatureProvider {
    func featureValue(for featureName: String) -> MLFeatureValue?
}

public class MLDictionaryFeatureProvider: MLFeatureProvider {
    public init(dictionary: [String: Any]) throws {}
    public func featureValue(for featureName: String) -> MLFeatureValue? { nil }
}

public class MLModel {
    public var modelDescription: MLModelDescription { MLModelDescription() }
    public class func compileModel(at modelURL: URL) async throws -> URL { modelURL }
    public init(contentsOf url: URL, configuration: MLModelConfiguration) throws {
        throw CocoaError(.featureUnsupported)
    }
    public func prediction(from input: any MLFeatureProvider) throws -> any MLFeatureProvider {
        throw CocoaError(.featureUnsupported)
    }
}
