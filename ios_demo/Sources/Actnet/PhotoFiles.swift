#if canImport(ImageIO)
    import CoreGraphics
    import Foundation
    import ImageIO

    private let photo = "The photo"

    /// Decodes a photo, upright, over white, in sRGB: its colour profile is converted, as in Python.
    ///
    /// Where a photo is transparent Core Graphics may round a colour by 1 otherwise than Pillow.
    public func decodedPhoto(_ file: Data) throws -> RgbPicture {
        guard let source = CGImageSourceCreateWithData(file as CFData, nil),
            let facts = CGImageSourceCopyPropertiesAtIndex(source, 0, nil) as? [CFString: Any],
            let width = facts[kCGImagePropertyPixelWidth] as? Int,
            let height = facts[kCGImagePropertyPixelHeight] as? Int
        else { throw PictureError.unreadable(photo, reason: "it is damaged, or not a picture") }
        // Before anything is decoded: a small file may claim any number of pixels.
        let jpeg = PictureFile.isJpeg(file)
        guard let reduction = PictureFile.reduction(width: width, height: height, jpeg: jpeg) else {
            throw PictureError.tooLarge(photo)
        }
        guard let image = image(of: try whole(file, reduction), reduction) else {
            throw PictureError.unreadable(photo, reason: "it is damaged")
        }
        let orientation = facts[kCGImagePropertyOrientation] as? Int ?? 1
        return try pixels(of: image).upright(exifOrientation: orientation)
    }

    /// Returns the file, with its end marker where it lacks nothing else.
    ///
    /// ImageIO shows the rest of a truncated photo in grey and tells nobody.
    private func whole(_ file: Data, _ reduction: Int) throws -> Data {
        guard PictureFile.isTruncated(file) else { return file }
        let isWhole =
            PictureFile.isJpeg(file)
            && PictureFile.lacksOnlyItsEnd(file) { each in
                image(of: each, reduction).flatMap { try? pixels(of: $0).bytes.hashValue }
            }
        guard isWhole else { throw PictureError.unreadable(photo, reason: "it is truncated") }
        return PictureFile.ended(file)
    }

    private func image(of file: Data, _ reduction: Int) -> CGImage? {
        guard let source = CGImageSourceCreateWithData(file as CFData, nil) else { return nil }
        let options = [kCGImageSourceSubsampleFactor: reduction] as CFDictionary
        return CGImageSourceCreateImageAtIndex(source, 0, reduction > 1 ? options : nil)
    }

    private func pixels(of image: CGImage) throws -> RgbPicture {
        // Core Graphics converts where it draws into another colour space than the picture's.
        let srgb = CGColorSpace(name: CGColorSpace.sRGB)
        let context = try drawing(
            width: image.width, height: image.height, srgb ?? CGColorSpaceCreateDeviceRGB())
        let whole = CGRect(x: 0, y: 0, width: image.width, height: image.height)
        context.setFillColor(red: 1, green: 1, blue: 1, alpha: 1)
        context.fill(whole)
        context.draw(image, in: whole)
        let rowBytes = context.bytesPerRow
        guard let base = context.data,
            let picture = RgbPicture(
                width: image.width, height: image.height, rowBytes: rowBytes,
                pixels: UnsafeRawBufferPointer(start: base, count: rowBytes * image.height),
                order: .rgbx)
        else { throw PictureError.tooLarge(photo) }
        return picture
    }

    /// Returns a JPEG file whose longest side is at most `sidePx`.
    public func jpegFile(_ picture: RgbPicture, sidePx: Int) throws -> Data {
        let scale = min(1, Double(sidePx) / Double(max(picture.width, picture.height)))
        let width = max(1, Int((Double(picture.width) * scale).rounded()))
        let height = max(1, Int((Double(picture.height) * scale).rounded()))
        let data = NSMutableData()
        guard let small = picture.resized(width: width, height: height),
            let image = try image(of: small),
            let target = CGImageDestinationCreateWithData(
                data as CFMutableData, "public.jpeg" as CFString, 1, nil)
        else { throw PictureError.tooLarge("The picture") }
        CGImageDestinationAddImage(target, image, nil)
        guard CGImageDestinationFinalize(target) else {
            throw PictureError.unreadable("The picture", reason: "it cannot be saved as a JPEG")
        }
        return Data(referencing: data)
    }

    private func image(of picture: RgbPicture) throws -> CGImage? {
        let context = try drawing(
            width: picture.width, height: picture.height, CGColorSpaceCreateDeviceRGB())
        guard let base = context.data else { return nil }
        for y in 0..<picture.height {
            let row = (base + y * context.bytesPerRow).assumingMemoryBound(to: UInt8.self)
            for x in 0..<picture.width {
                let from = 3 * (y * picture.width + x)
                for channel in 0..<3 { row[4 * x + channel] = picture.bytes[from + channel] }
            }
        }
        return context.makeImage()
    }

    /// Memory to draw in: red, green, blue, nothing, 8 bits each.
    private func drawing(width: Int, height: Int, _ colours: CGColorSpace) throws -> CGContext {
        let context = CGContext(
            data: nil, width: width, height: height, bitsPerComponent: 8, bytesPerRow: 0,
            space: colours, bitmapInfo: CGImageAlphaInfo.noneSkipLast.rawValue)
        guard let context else { throw PictureError.tooLarge(photo) }
        return context
    }
#endif
