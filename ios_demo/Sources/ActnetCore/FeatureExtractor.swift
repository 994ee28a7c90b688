import CActnetVerification
import Foundation

/// How local features are taken from a picture; docs/verification.md.
public struct Extraction: Equatable, Sendable {
    /// Of pictures of a gallery.
    public static let gallery = Extraction(sidePx: 240, count: 360)
    /// Of photos that are searched with.
    public static let photo = Extraction(sidePx: 400, count: 1000)

    /// Longest side that a picture is reduced to, 64 to 4095; a smaller one stays as it is.
    public let sidePx: Int
    /// Features kept, 1 to 65535, those of the largest contrast.
    public let count: Int

    public init(sidePx: Int, count: Int) {
        self.sidePx = sidePx
        self.count = count
    }
}

/// Takes local features from pictures, in the C code of both apps.
///
/// The C code changes nothing in its codes, so several threads may use one.
public final class FeatureExtractor: @unchecked Sendable {
    /// The learned projection, among the app's files.
    public static let codesFile = "local_codes.safetensors"

    private let codes: OpaquePointer

    /// - Parameter codes: the bytes of `codesFile`.
    public init(codes: Data) throws {
        var error = CActnetVerification.ActnetError()
        let opened = codes.withUnsafeBytes { bytes in
            actnet_codes_open(
                bytes.bindMemory(to: UInt8.self).baseAddress, bytes.count, &error)
        }
        guard let opened else { throw EngineError.features(reason: text(of: error)) }
        self.codes = opened
    }

    deinit {
        actnet_codes_close(codes)
    }

    /// Takes local features from an upright picture.
    public func features(of picture: RgbPicture, _ extraction: Extraction) throws -> LocalFeatures {
        var settings = actnet_photo_extraction()
        settings.side_px = Int32(clamping: extraction.sidePx)
        settings.count = Int32(clamping: extraction.count)
        var error = CActnetVerification.ActnetError()
        var local = ActnetLocalFeatures()
        let room = max(0, extraction.count) * LocalFeatures.bytesPerFeature
        let bytes = [UInt8](unsafeUninitializedCapacity: room) { target, count in
            let code = picture.withC { given in
                actnet_extract(
                    codes, &given, settings, target.baseAddress, room, &local, &error)
            }
            count = code == ACTNET_OK ? local.features_bytes : 0
        }
        guard error.code == ACTNET_OK,
            let features = LocalFeatures(
                widthPx: Int(local.width_px), heightPx: Int(local.height_px), bytes: bytes)
        else { throw EngineError.features(reason: text(of: error)) }
        return features
    }
}

extension RgbPicture {
    fileprivate func withC<Result>(_ body: (inout ActnetPicture) -> Result) -> Result {
        bytes.withUnsafeBufferPointer { buffer in
            var picture = ActnetPicture(
                width_px: Int32(width), height_px: Int32(height), rgb: buffer.baseAddress,
                rgb_bytes: buffer.count)
            return body(&picture)
        }
    }
}
