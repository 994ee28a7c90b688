#if canImport(CoreML)
    import ActnetCore
    @preconcurrency import CoreML
    import Foundation

    /// Runs an `.mlpackage` artefact. The actor owns the model; one picture at a time.
    public actor CoreMLDescriber: Describer {
        public nonisolated let manifest: Manifest
        private let package: URL
        private let cache: CompiledModelCache
        private let accelerator: Accelerator
        private var model: MLModel?

        /// Holds an artefact against the manifest beside it, and that against what this app can run.
        ///
        /// Loads nothing yet: `warmUp` does, or the first picture.
        ///
        /// - Parameters:
        ///   - package: an `.mlpackage`, as `make ios-assets` puts it into the app.
        ///   - cacheFolder: for the compiled package.
        public init(_ package: URL, cacheFolder: URL, accelerator: Accelerator = .all) throws {
            manifest = try Manifest.load(besideArtefact: package)
            try CoreMLContract.check(manifest)
            self.package = package
            self.accelerator = accelerator
            cache = CompiledModelCache(folder: cacheFolder)
        }

        /// Loads the model and describes the golden picture, so that the first photo does not wait.
        public func warmUp() async throws -> SelfTest {
            try await selfTest()
        }

        /// Frees the model; the next picture loads it again.
        public func unload() {
            model = nil
        }

        public func describe(pixels: RgbPicture) async throws -> [Float] {
            let size = manifest.preprocessing
            guard pixels.width == size.width, pixels.height == size.height else {
                throw EngineError.otherSize(
                    width: pixels.width, height: pixels.height, expectedWidth: size.width,
                    expectedHeight: size.height)
            }
            let model = try await loaded()
            let input = try MLDictionaryFeatureProvider(dictionary: [
                CoreMLContract.inputName: MLFeatureValue(pixelBuffer: pixelBuffer(of: pixels))
            ])
            do {
                return try descriptor(in: model.prediction(from: input))
            } catch let error as EngineError {
                throw error
            } catch {
                throw EngineError.failed(reason: error.localizedDescription)
            }
        }

        private func loaded() async throws -> MLModel {
            if let model { return model }
            let sha256 = manifest.artefact.sha256
            let fresh: MLModel
            do {
                fresh = try await load(cache.compiled(package, sha256: sha256))
            } catch {
                // Another release of the system may not take what an older one compiled.
                cache.forget(sha256: sha256)
                fresh = try await load(cache.compiled(package, sha256: sha256))
            }
            try checkMetadata(of: fresh)
            model = fresh
            return fresh
        }

        private func load(_ compiled: URL) throws -> MLModel {
            let configuration = MLModelConfiguration()
            configuration.computeUnits =
                switch accelerator {
                case .all: .all
                case .neuralEngine: .cpuAndNeuralEngine
                case .gpu: .cpuAndGPU
                case .cpu: .cpuOnly
                }
            do {
                // On the actor's own thread: no other may touch the model.
                return try MLModel(contentsOf: compiled, configuration: configuration)
            } catch {
                throw EngineError.cannotLoad(reason: error.localizedDescription)
            }
        }

        /// The package says itself which weights it was made from.
        private func checkMetadata(of model: MLModel) throws {
            let own = model.modelDescription.metadata[.creatorDefinedKey] as? [String: String]
            guard own?[CoreMLContract.checkpointKey] == manifest.checkpoint.sha256 else {
                throw EngineError.cannotLoad(reason: "it was made from other weights")
            }
        }

        private func descriptor(in output: any MLFeatureProvider) throws -> [Float] {
            let name = CoreMLContract.outputName
            guard let values = output.featureValue(for: name)?.multiArrayValue,
                values.dataType == .float32, values.count == manifest.output.dim
            else { throw EngineError.failed(reason: "it gave no descriptor") }
            return values.withUnsafeBufferPointer(ofType: Float.self) { Array($0) }
        }
    }
#endif
