#if canImport(UIKit)
    import ActnetApp
    import Actnet
    import Foundation
    import UIKit

    /// The iPhone as the app sees it.
    public struct PhoneEnvironment: Phone {
        public let bundled: URL
        public let folder: URL
        public let caches: URL

        public init() {
            bundled = Bundle.main.bundleURL.appendingPathComponent("actnet")
            folder = URL.applicationSupportDirectory.appendingPathComponent("actnet")
            caches = URL.cachesDirectory.appendingPathComponent("actnet")
        }

        public var settings: any SettingsStore { UserSettings() }

        /// Descriptors and photos are unreadable while the phone is locked, and never backed up.
        ///
        /// What is open stays so: a transaction that has begun when the phone locks can end.
        public func prepare() throws {
            do {
                let manager = FileManager.default
                for place in [folder, caches] {
                    try manager.createDirectory(at: place, withIntermediateDirectories: true)
                }
                try manager.setAttributes(
                    [.protectionKey: FileProtectionType.completeUnlessOpen],
                    ofItemAtPath: folder.path)
                var values = URLResourceValues()
                values.isExcludedFromBackup = true
                var excluded = folder
                try excluded.setResourceValues(values)
            } catch {
                throw AppError.cannotStore("The app's folder", StorageFailure(error))
            }
        }

        public func openModel(_ package: URL, accelerator: Accelerator) throws -> any Describer {
            try CoreMLDescriber(
                package, cacheFolder: caches.appendingPathComponent("compiled"),
                accelerator: accelerator)
        }

        public func decode(_ photo: Data) throws -> RgbPicture {
            try decodedPhoto(photo)
        }

        public func jpeg(_ picture: RgbPicture, sidePx: Int) throws -> Data {
            try jpegFile(picture, sidePx: sidePx)
        }

        public func thermalLevel() -> ThermalLevel {
            switch ProcessInfo.processInfo.thermalState {
            case .nominal: .nominal
            case .fair: .fair
            case .serious: .serious
            case .critical: .critical
            @unknown default: .critical
            }
        }

        public func nowMs() -> Double {
            ProcessInfo.processInfo.systemUptime * 1000
        }

        public func date() -> Date { Date() }

        /// That of the screens, so that both say the same.
        public func language() -> String {
            String((Bundle.main.preferredLocalizations.first ?? "en").prefix(2))
        }

        public func machine() -> Machine {
            let process = ProcessInfo.processInfo
            let version = process.operatingSystemVersion
            let release = Bundle.main.object(forInfoDictionaryKey: "CFBundleShortVersionString")
            return Machine(
                name: hardwareName(), system: "iOS \(version.majorVersion).\(version.minorVersion)",
                cores: process.activeProcessorCount, memoryBytes: process.physicalMemory,
                appVersion: release as? String ?? "",
                facts: [
                    "thermal state at the start": "\(thermalLevel())",
                    "low power mode": process.isLowPowerModeEnabled ? "on" : "off",
                ])
        }
    }

    /// Such as iPhone17,3.
    private func hardwareName() -> String {
        var facts = utsname()
        uname(&facts)
        return withUnsafeBytes(of: facts.machine) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
    }

    /// The app's user defaults.
    private struct UserSettings: SettingsStore {
        func read(_ key: String) -> String? { UserDefaults.standard.string(forKey: key) }

        func write(_ key: String, _ value: String) { UserDefaults.standard.set(value, forKey: key) }
    }
#endif
