import ActnetCore

/// What can be chosen.
public struct Settings: Equatable, Sendable {
    /// Least similarity of a match, one for all galleries: not calibrated for this one
    /// (docs/decisions/0027).
    public var threshold = 0.55
    /// What the model runs on.
    public var accelerator = Accelerator.all
    /// Matches that are shown.
    public var top = 10

    static let thresholds = [0.35, 0.45, 0.55, 0.65]
    static let tops = [5, 10, 20]

    public init() {}
}

/// Where settings are kept between starts: on the phone its user defaults.
public protocol SettingsStore: Sendable {
    func read(_ key: String) -> String?
    func write(_ key: String, _ value: String)
}

extension Settings {
    private static let thresholdKey = "threshold"
    private static let acceleratorKey = "accelerator"
    private static let topKey = "top"

    /// Reads settings; what is missing or not to be chosen any more gets its default.
    init(from store: any SettingsStore) {
        if let kept = store.read(Self.thresholdKey).flatMap(Double.init),
            Self.thresholds.contains(kept)
        {
            threshold = kept
        }
        if let kept = store.read(Self.acceleratorKey).flatMap(Accelerator.init) {
            accelerator = kept
        }
        if let kept = store.read(Self.topKey).flatMap({ Int($0) }), Self.tops.contains(kept) {
            top = kept
        }
    }

    func write(to store: any SettingsStore) {
        store.write(Self.thresholdKey, "\(threshold)")
        store.write(Self.acceleratorKey, accelerator.rawValue)
        store.write(Self.topKey, "\(top)")
    }
}
