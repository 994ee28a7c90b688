#if canImport(CoreVideo)
    import ActnetCore
    import CoreVideo

    /// Copies a picture into a pixel buffer (32 bits, blue first), which Core ML takes as RGB.
    func pixelBuffer(of picture: RgbPicture) throws -> CVPixelBuffer {
        var created: CVPixelBuffer?
        let code = CVPixelBufferCreate(
            nil, picture.width, picture.height, kCVPixelFormatType_32BGRA, nil, &created)
        guard code == kCVReturnSuccess, let buffer = created else {
            throw EngineError.failed(reason: "no memory for a picture (code \(code))")
        }
        guard CVPixelBufferLockBaseAddress(buffer, []) == kCVReturnSuccess else {
            throw EngineError.failed(reason: "a pixel buffer cannot be written")
        }
        defer { CVPixelBufferUnlockBaseAddress(buffer, []) }
        guard let base = CVPixelBufferGetBaseAddress(buffer) else {
            throw EngineError.failed(reason: "a pixel buffer has no memory")
        }
        let rowBytes = CVPixelBufferGetBytesPerRow(buffer)
        for y in 0..<picture.height {
            let row = (base + y * rowBytes).assumingMemoryBound(to: UInt8.self)
            for x in 0..<picture.width {
                let from = 3 * (y * picture.width + x)
                row[4 * x] = picture.bytes[from + 2]
                row[4 * x + 1] = picture.bytes[from + 1]
                row[4 * x + 2] = picture.bytes[from]
                row[4 * x + 3] = 255
            }
        }
        return buffer
    }
#endif
