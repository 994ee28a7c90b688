import Actnet

/// What can be chosen.
public struct Settings: Hashable, Sendable {
    /// Share of photos of things that are not in the gallery that may be answered.
    public var falseAnswers = 0.05
    /// What the model runs on.
    public var accelerator = Accelerator.all
    /// Matches that are shown.
    public var top = 10
    /// Whether figures are shown.
    public var developer = false
    /// Whether someone has read what the app does, and started.
    public var welcomed = false
    /// The model that was chosen; nil for none, which is the app's first.
    public var modelName: String?

    static let shares = [0.01, 0.05, 0.1, 0.2]
    static let tops = [5, 10, 20]

    public init() {}
}

/// Where settings are kept between starts: on the phone its user defaults.
public protocol SettingsStore: Sendable {
    func read(_ key: String) -> String?
    func write(_ key: String, _ value: String)
}

extension Settings {
    private static let sharesKey = "false_answers"
    private static let acceleratorKey = "accelerator"
    private static let topKey = "top"
    private static let developerKey = "developer"
    private static let welcomedKey = "welcomed"
    private static let modelKey = "model"

    /// Reads settings; what is missing or not to be chosen any more gets its default.
    init(from store: any SettingsStore) {
        if let share = store.read(Self.sharesKey).flatMap(Double.init),
            Self.shares.contains(share)
        {
            falseAnswers = share
        }
        if let choice = store.read(Self.acceleratorKey).flatMap(Accelerator.init) {
            accelerator = choice
        }
        if let count = store.read(Self.topKey).flatMap({ Int($0) }), Self.tops.contains(count) {
            top = count
        }
        developer = store.read(Self.developerKey) == "true"
        welcomed = store.read(Self.welcomedKey) == "true"
        modelName = store.read(Self.modelKey)
    }

    func write(to store: any SettingsStore) {
        store.write(Self.sharesKey, "\(falseAnswers)")
        store.write(Self.acceleratorKey, accelerator.rawValue)
        store.write(Self.topKey, "\(top)")
        store.write(Self.developerKey, "\(developer)")
        store.write(Self.welcomedKey, "\(welcomed)")
        if let modelName { store.write(Self.modelKey, modelName) }
    }
}
