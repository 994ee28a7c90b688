import CActnetVerification

/// Compares gallery pictures with one photo, in the C code of both apps.
///
/// The C code changes nothing in a photo that is prepared, so several threads may compare at once.
public final class PhotoVerifier: @unchecked Sendable {
    private let verifier: OpaquePointer

    /// Prepares a photo's local features.
    public init(_ photo: LocalFeatures) throws {
        var error = CActnetVerification.ActnetError()
        let opened = photo.withC { actnet_verifier_open(&$0, &error) }
        guard let opened else { throw EngineError.features(reason: text(of: error)) }
        verifier = opened
    }

    deinit {
        actnet_verifier_close(verifier)
    }

    public func verify(_ picture: LocalFeatures) throws -> Verification {
        var error = CActnetVerification.ActnetError()
        var verification = ActnetVerification()
        let code = picture.withC { actnet_verify(verifier, &$0, &verification, &error) }
        guard code == ACTNET_OK else { throw EngineError.features(reason: text(of: error)) }
        guard verification.has_outline == 1 else {
            return Verification(inliers: Int(verification.inliers), outline: nil)
        }
        let outline = withUnsafeBytes(of: verification.outline) { bytes in
            let values = bytes.bindMemory(to: Double.self)
            return stride(from: 0, to: values.count, by: 2).map {
                Place(x: values[$0], y: values[$0 + 1])
            }
        }
        return Verification(inliers: Int(verification.inliers), outline: outline)
    }
}

extension LocalFeatures {
    fileprivate func withC<Result>(_ body: (inout ActnetLocalFeatures) -> Result) -> Result {
        bytes.withUnsafeBufferPointer { buffer in
            var features = ActnetLocalFeatures(
                width_px: Int32(widthPx), height_px: Int32(heightPx),
                features: buffer.baseAddress, features_bytes: buffer.count)
            return body(&features)
        }
    }
}

func text(of error: CActnetVerification.ActnetError) -> String {
    withUnsafeBytes(of: error.text) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
}
