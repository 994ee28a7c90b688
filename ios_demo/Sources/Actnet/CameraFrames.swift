#if canImport(CoreVideo)
    import CoreVideo
    import Foundation

    extension RgbPicture {
        /// Copies a camera's frame (`kCVPixelFormatType_32BGRA`) out of the camera's memory; nil where it cannot
        /// be read.
        public init?(frame buffer: CVPixelBuffer) {
            guard CVPixelBufferLockBaseAddress(buffer, .readOnly) == kCVReturnSuccess else {
                return nil
            }
            defer { CVPixelBufferUnlockBaseAddress(buffer, .readOnly) }
            guard let base = CVPixelBufferGetBaseAddress(buffer) else { return nil }
            let height = CVPixelBufferGetHeight(buffer)
            let rowBytes = CVPixelBufferGetBytesPerRow(buffer)
            self.init(
                width: CVPixelBufferGetWidth(buffer), height: height, rowBytes: rowBytes,
                pixels: UnsafeRawBufferPointer(start: base, count: rowBytes * height), order: .bgrx)
        }
    }
#endif
