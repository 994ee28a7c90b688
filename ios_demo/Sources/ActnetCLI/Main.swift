import ActnetCore
import ActnetLiteRt
import Foundation

/// Describes and searches from a terminal: `actnet-demo search shop.sqlite m.tflite photo.ppm`.
@main
enum Main {
    static func main() async {
        do {
            try await run(Command(Array(CommandLine.arguments.dropFirst())))
        } catch {
            let said = (error as? any ActnetError)?.sentences ?? error.localizedDescription
            FileHandle.standardError.write(Data((said + "\n").utf8))
            exit(1)
        }
    }

    private static func run(_ command: Command) async throws {
        switch command {
        case .selfTest(let model):
            let test = try await describer(model).passedSelfTest()
            try say(SelfTestLine(cosine: test.cosine, cosineMin: test.cosineMin))
        case .describe(let model, let pictures):
            let describer = try describer(model)
            for picture in pictures {
                let descriptor = try await describer.describe(read(picture))
                try say(DescriptorLine(picture: picture, descriptor: descriptor))
            }
        case .search(let gallery, let model, let pictures, let top):
            try await search(gallery, describer(model), pictures, top)
        case .benchmark(let rows, let dim):
            try SearchBenchmark(rows: rows, dim: dim).run()
        }
    }

    private static func search(
        _ gallery: String, _ describer: any Describer, _ pictures: [String], _ top: Int
    ) async throws {
        let gallery = try GalleryReader(
            URL(fileURLWithPath: gallery), place: .folder,
            describedBy: GalleryModel(describer.manifest))
        let database = try gallery.load()
        for picture in pictures {
            let hits = try database.search(try await describer.describe(read(picture)), top: top)
            let matches = try hits.map { hit in
                HitLine(
                    id: hit.id, path: try gallery.picture(hit.id)?.path,
                    similarity: hit.similarity)
            }
            try say(SearchLine(query: picture, hits: matches))
        }
    }

    private static func describer(_ model: String) throws -> any Describer {
        #if os(Linux)
            return try LiteRtDescriber(URL(fileURLWithPath: model))
        #else
            throw ManifestError.unsupported("this program runs models on Linux only")
        #endif
    }

    private static func read(_ picture: String) throws -> RgbPicture {
        let url = URL(fileURLWithPath: picture)
        guard let data = try? Data(contentsOf: url) else {
            throw PictureError.unreadable(picture, reason: "the file cannot be read")
        }
        return try PortablePixmap.picture(from: data, name: picture)
    }
}

struct SelfTestLine: Encodable {
    let cosine: Double
    let cosineMin: Double
}

struct DescriptorLine: Encodable {
    let picture: String
    let descriptor: [Float]
}

struct SearchLine: Encodable {
    let query: String
    let hits: [HitLine]
}

struct HitLine: Encodable {
    let id: Int64
    let path: String?
    let similarity: Double
}

/// Prints one JSON object on a line of its own, at once.
func say(_ line: some Encodable) throws {
    FileHandle.standardOutput.write(try JSONEncoder().encode(line) + Data("\n".utf8))
}
