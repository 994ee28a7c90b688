// Opens the model where it is wanted, or on the processor with a sentence on why.

import Actnet
import Foundation

/// A model that has passed its self-test.
struct OpenedModel: Sendable {
    let describer: any Describer
    let selfTest: SelfTest
    /// Where it runs.
    let accelerator: Accelerator
    /// Why that is not where it was wanted; nil where it is.
    let sentence: String?
}

/// Opens a model and tests it.
///
/// One that fails anywhere but on the processor runs there: no choice may lock the app. An accelerator
/// that ended the process is not tried again before `allowAccelerator`.
func openedModel(
    _ phone: any Phone, _ package: URL, on wanted: Accelerator
) async throws -> OpenedModel {
    guard wanted != .cpu else { return try await tested(phone, package, .cpu, nil) }
    let store = phone.settings
    if store.read(tryingKey) == wanted.rawValue {
        return try await tested(phone, package, .cpu, ended)
    }
    store.write(tryingKey, wanted.rawValue)
    defer { store.write(tryingKey, "") }
    do {
        return try await tested(phone, package, wanted, nil)
    } catch let error as EngineError {
        let why = error.errorDescription ?? "The model failed."
        return try await tested(phone, package, .cpu, "\(why) \(onProcessor)")
    }
}

/// Lets an accelerator be tried that ended the process; the user has chosen it again.
func allowAccelerator(_ store: any SettingsStore) {
    store.write(tryingKey, "")
}

private func tested(
    _ phone: any Phone, _ package: URL, _ accelerator: Accelerator, _ sentence: String?
) async throws -> OpenedModel {
    let describer = try phone.openModel(package, accelerator: accelerator)
    do {
        let test = try await describer.passedSelfTest()
        return OpenedModel(
            describer: describer, selfTest: test, accelerator: accelerator, sentence: sentence)
    } catch {
        await describer.unload()
        throw error
    }
}

private let tryingKey = "trying_accelerator"
private let onProcessor = "The model runs on the processor."
private let ended =
    "The app ended while the model was opened there; choose the processor, then the accelerator to "
    + "try again. " + onProcessor
