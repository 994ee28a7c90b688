// The models that the app was built with.

import Actnet
import Foundation

/// A model that came with the app.
public struct CarriedModel: Equatable, Sendable {
    /// Of its folder and, without ending, of its artefact.
    public let name: String
    public let state: State

    public enum State: Equatable, Sendable {
        /// The manifest can be read; artefact and gallery are looked at when it is opened.
        case usable(Manifest)
        /// Why it cannot be used.
        case refused(String)
    }
}

/// Which of the app's models is used.
struct ChosenModel {
    let model: CarriedModel
    /// Why it is not the one that was chosen; nil where it is.
    let sentence: String?

    /// Finds the model that was chosen, or the first where none was, or where it is not there any more.
    ///
    /// Returns nil where there is no model at all.
    init?(of models: [CarriedModel], named name: String?) {
        guard let first = models.first else { return nil }
        let namesake = models.first { $0.name == name }
        model = namesake ?? first
        sentence =
            name == nil || namesake != nil
            ? nil
            : "The model \(name ?? "") is not in this build of the app any more; \(first.name) is "
                + "used."
    }
}
