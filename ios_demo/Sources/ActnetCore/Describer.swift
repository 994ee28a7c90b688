/// What turns a picture into its descriptor: Core ML on Apple systems, LiteRT on Linux.
public protocol Describer: Sendable {
    /// What the artefact's manifest says of it.
    var manifest: Manifest { get }

    /// Describes pixels of exactly the manifest's height and width.
    ///
    /// - Returns: D values of length 1.
    func describe(pixels: RgbPicture) async throws -> [Float]

    /// Frees the model's memory; the next picture loads it again.
    func unload() async
}

/// Where Core ML runs a model.
public enum Accelerator: String, CaseIterable, Sendable {
    /// Whatever Core ML finds best.
    case all
    /// Processor and Neural Engine.
    case neuralEngine
    /// Processor and graphics processor.
    case gpu
    /// Processor alone.
    case cpu
}

extension Describer {
    /// Resizes a picture as the manifest says, and describes it.
    public func describe(_ picture: RgbPicture) async throws -> [Float] {
        let size = manifest.preprocessing
        guard let pixels = picture.resized(width: size.width, height: size.height) else {
            throw PictureError.tooLarge("the picture")
        }
        return try await describe(pixels: pixels)
    }

    /// Describes the manifest's golden picture and compares.
    public func selfTest() async throws -> SelfTest {
        let size = manifest.preprocessing
        guard let picture = GoldenPicture.draw(width: size.width, height: size.height) else {
            throw PictureError.tooLarge("the golden picture")
        }
        let descriptor = try await describe(pixels: picture)
        guard let test = SelfTest(manifest: manifest, descriptor: descriptor) else {
            throw ManifestError.unsupported("it has no golden descriptor to compare with")
        }
        return test
    }
    /// The same; throws where the model computes something else than was exported.
    public func passedSelfTest() async throws -> SelfTest {
        let test = try await selfTest()
        guard test.passed else {
            throw EngineError.failedSelfTest(cosine: test.cosine, cosineMin: test.cosineMin)
        }
        return test
    }
}
