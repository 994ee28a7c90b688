import Actnet
import Foundation

/// The benchmark screen.
@MainActor
final class BenchmarkController {
    private let phone: any Phone
    private let store: Store
    private let work = SerialWork()
    private var isStopped = false

    init(_ phone: any Phone, _ store: Store) {
        self.phone = phone
        self.store = store
    }

    func measure(_ plan: BenchmarkPlan) {
        isStopped = false
        store.state.benchmark = .running(0)
        work.add { self.store.state.benchmark = await self.measured(plan) }
    }

    func stop() {
        isStopped = true
    }

    func finished() async {
        await work.finished()
    }

    private func measured(_ plan: BenchmarkPlan) async -> BenchmarkState {
        guard let session = store.session else { return .failed("There is no model to measure.") }
        let photo = phone.caches.appendingPathComponent("benchmark.jpg")
        defer { try? FileManager.default.removeItem(at: photo) }
        do {
            try await writeGeneratedPhoto(session.manifest, phone, to: photo)
            let machine = phone.machine()
            let benchmark = Benchmark(session: session, phone: phone, photo: photo) { share in
                guard !self.isStopped, self.store.session === session else { return false }
                self.store.state.benchmark = .running(share)
                return true
            }
            guard let result = try await benchmark.run(plan) else { return .idle }
            return .done(result, file: try await write(result, session, machine))
        } catch {
            return .failed(sentences(error))
        }
    }

    /// Writes the report of what was measured: model and settings may be others when it is shared.
    private func write(
        _ result: BenchmarkResult, _ session: Session, _ machine: Machine
    ) async throws -> URL {
        let report = BenchmarkReport(
            result, session.manifest, session.accelerator, machine: machine,
            gallerySize: try await session.pictureCount(), created: phone.date())
        let file = phone.caches.appendingPathComponent("mobile-actnet-benchmark.json")
        let json = try report.json
        try storing("The report") { try replaceFile(at: file) { try json.write(to: $0) } }
        return file
    }
}

private let photoWidthPx = 4032
private let photoHeightPx = 3024

/// Writes a photo of the size that phones take, of the golden picture; off the main thread.
private func writeGeneratedPhoto(
    _ manifest: Manifest, _ phone: any Phone, to file: URL
) async throws {
    let size = manifest.preprocessing
    guard
        let picture = GoldenPicture.draw(width: size.width, height: size.height)?
            .resized(width: photoWidthPx, height: photoHeightPx)
    else { throw PictureError.tooLarge("The benchmark's photo") }
    let jpeg = try phone.jpeg(picture, sidePx: photoWidthPx)
    try storing("The benchmark's photo") { try jpeg.write(to: file) }
}
