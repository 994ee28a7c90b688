/// Work of one kind, one piece after the other, off the main thread where it awaits.
@MainActor
final class SerialWork {
    private var last: Task<Void, Never>?

    /// Does something after what was asked for before.
    func add(_ work: @escaping @MainActor () async -> Void) {
        let before = last
        last = Task {
            await before?.value
            await work()
        }
    }

    /// Waits for all that has been asked for.
    func finished() async {
        await last?.value
    }
}
