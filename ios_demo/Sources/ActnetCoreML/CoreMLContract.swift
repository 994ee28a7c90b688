import ActnetCore

/// What this app asks of a Core ML artefact. A Python test holds a real package to these words.
public enum CoreMLContract {
    public static let format = "coreml"
    public static let inputName = "image"
    public static let inputKind = "image:rgb"
    public static let layout = "nchw"
    public static let outputName = "descriptor"
    public static let outputKind = "float32"
    /// In the package's own metadata: of the weights that it was made from.
    public static let checkpointKey = "mobile_actnet.checkpoint_sha256"

    /// Refuses an artefact that this app cannot give a picture to.
    public static func check(_ manifest: Manifest) throws {
        let size = manifest.preprocessing
        let shape: [Manifest.Side] = [1, 3, size.height, size.width].map(Manifest.Side.fixed)
        let demands: [(String, Bool)] = [
            ("its format is \(manifest.format), not \(format)", manifest.format == format),
            (
                "its preprocessing is \(size.name) \(size.version)",
                size.name == Preprocessing.name && size.version == Preprocessing.version
            ),
            ("its input is \(manifest.input.name)", manifest.input.name == inputName),
            ("its input is of the kind \(manifest.input.dtype)", manifest.input.dtype == inputKind),
            ("its layout is \(manifest.input.layout)", manifest.input.layout == layout),
            ("its input has another shape than its preprocessing", manifest.input.shape == shape),
            ("its output is \(manifest.output.name)", manifest.output.name == outputName),
            (
                "its output is of the kind \(manifest.output.dtype)",
                manifest.output.dtype == outputKind
            ),
            (
                "its output is not one descriptor of \(manifest.output.dim) values",
                manifest.output.shape == [.fixed(1), .fixed(manifest.output.dim)]
            ),
            ("its descriptors are not of length 1", manifest.output.normalised),
        ]
        for (complaint, isMet) in demands where !isMet {
            throw ManifestError.unsupported(complaint)
        }
    }
}
