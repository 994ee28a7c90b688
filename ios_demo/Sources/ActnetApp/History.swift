import Foundation

/// What was recognised or picked, the newest first, in a file of the phone.
///
/// A line has the time and the picture's path, as numbers of pictures change with the gallery.
struct History: Sendable {
    private static let most = 200

    let file: URL

    /// The paths, the newest first, each once.
    func paths() -> [String] {
        lines().compactMap { line in
            line.firstIndex(of: "\t").map { String(line[line.index(after: $0)...]) }
        }.filter { !$0.isEmpty }
    }

    /// Puts a path first; a full storage costs the entry, not the answer.
    func add(_ path: String, at time: Date) {
        let others = lines().filter { !$0.hasSuffix("\t\(path)") }
        let newest = "\(Int(time.timeIntervalSince1970))\t\(path)"
        let text = ([newest] + others.prefix(Self.most - 1)).joined(separator: "\n")
        try? replaceFile(at: file) { try Data(text.utf8).write(to: $0) }
    }

    func clear() {
        try? removeIfThere(file)
    }

    private func lines() -> [String] {
        guard let data = try? Data(contentsOf: file) else { return [] }
        return String(decoding: data, as: UTF8.self).split(separator: "\n").map(String.init)
    }
}
