#if canImport(CoreML)
    import ActnetCore
    @preconcurrency import CoreML
    import Foundation

    /// Compiled packages, named by the hash of what they were compiled from.
    ///
    /// Compiling takes seconds, and iOS removes what lies in a temporary folder.
    struct CompiledModelCache {
        /// A folder that may be removed at any time, such as the app's caches.
        let folder: URL

        /// Returns the compiled package, after compiling it where it is not there yet.
        ///
        /// - Parameter sha256: of the package, as its manifest says and as was checked.
        func compiled(_ package: URL, sha256: String) async throws -> URL {
            let place = place(sha256)
            if FileManager.default.fileExists(atPath: place.path) { return place }
            do {
                let compiled = try await MLModel.compileModel(at: package)
                try keep(compiled, at: place)
            } catch {
                throw EngineError.cannotLoad(reason: error.localizedDescription)
            }
            return place
        }

        /// Removes a compiled package that Core ML does not take any more.
        func forget(sha256: String) {
            try? FileManager.default.removeItem(at: place(sha256))
        }

        private func place(_ sha256: String) -> URL {
            folder.appendingPathComponent(sha256 + ".mlmodelc")
        }

        /// Moves a compiled package in, whole or not at all; those of other packages go.
        private func keep(_ compiled: URL, at place: URL) throws {
            let manager = FileManager.default
            try manager.createDirectory(at: folder, withIntermediateDirectories: true)
            for old in try manager.contentsOfDirectory(atPath: folder.path) {
                try? manager.removeItem(at: folder.appendingPathComponent(old))
            }
            try manager.moveItem(at: compiled, to: place)
        }
    }
#endif
