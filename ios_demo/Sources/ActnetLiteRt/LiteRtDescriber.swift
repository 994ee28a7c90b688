#if canImport(CActnetEngine)
    import ActnetCore
    import CActnetEngine
    import CActnetVerification
    import Foundation

    /// Runs a `.tflite` artefact with LiteRT, through the C engine of the Android demo.
    ///
    /// The engine is for one thread at a time, which the actor sees to.
    public actor LiteRtDescriber: Describer {
        public nonisolated let manifest: Manifest
        private let engine: LiteRtEngine

        /// Loads an artefact after holding it against the manifest beside it.
        ///
        /// - Parameter threads: that one inference uses, at least 1.
        public init(_ artefact: URL, threads: Int = 1) throws {
            manifest = try Manifest.load(besideArtefact: artefact)
            guard manifest.format == "tflite" else {
                throw ManifestError.unsupported("its format is \(manifest.format), not tflite")
            }
            let size = manifest.preprocessing
            guard size.name == Preprocessing.name, size.version == Preprocessing.version else {
                throw ManifestError.unsupported("its preprocessing is \(size.name) \(size.version)")
            }
            engine = try LiteRtEngine(path: artefact.path, threads: threads)
            guard engine.width == size.width, engine.height == size.height,
                engine.dim == manifest.output.dim
            else {
                throw ManifestError.unsupported(
                    "it takes \(engine.width) x \(engine.height) pixels and gives \(engine.dim) "
                        + "values, its manifest says otherwise")
            }
        }

        public func describe(pixels: RgbPicture) throws -> [Float] {
            try engine.describe(pixels)
        }

        /// Nothing: the engine closes its model when it goes.
        public func unload() {}
    }

    /// The C engine, closed when it goes. For one thread at a time.
    private final class LiteRtEngine {
        private let engine: OpaquePointer
        let width: Int
        let height: Int
        let dim: Int

        init(path: String, threads: Int) throws {
            var error = CActnetVerification.ActnetError()
            let count = Int32(clamping: threads)
            guard let engine = actnet_open(path, count, &error) else {
                throw EngineError.cannotLoad(reason: text(of: error))
            }
            self.engine = engine
            let sizes = actnet_sizes(engine)
            width = Int(sizes.width)
            height = Int(sizes.height)
            dim = sizes.descriptor_length
        }

        deinit {
            actnet_close(engine)
        }

        func describe(_ picture: RgbPicture) throws -> [Float] {
            guard picture.width == width, picture.height == height else {
                throw EngineError.otherSize(
                    width: picture.width, height: picture.height, expectedWidth: width,
                    expectedHeight: height)
            }
            var descriptor = [Float](repeating: 0, count: dim)
            var error = CActnetVerification.ActnetError()
            let code = actnet_describe(
                engine, picture.bytes, picture.bytes.count, &descriptor, dim, &error)
            guard code == ACTNET_OK else { throw EngineError.failed(reason: text(of: error)) }
            return descriptor
        }
    }

    private func text(of error: CActnetVerification.ActnetError) -> String {
        withUnsafeBytes(of: error.text) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
    }
#endif
