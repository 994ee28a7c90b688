import Actnet
import Foundation

/// Tells the camera's thread which frames to copy, so that none pile up and the phone stays cool.
///
/// A lock rather than an actor: the camera must know at once, before its frame's memory is reused.
public final class FrameGate: @unchecked Sendable {
    private let lock = NSLock()
    private let phone: any Phone
    private var pacing = FramePacing()
    private var held = false

    init(_ phone: any Phone) {
        self.phone = phone
    }

    /// Tells whether to copy the frame that has come now; if so, the live screen must see it.
    public func begin() -> Bool {
        let level = phone.thermalLevel()
        return lock.withLock { !held && pacing.begin(nowMs: phone.nowMs(), level: level) }
    }

    /// Lets no frame through, or frames again; one that is in work goes on.
    func hold(_ isHeld: Bool) {
        lock.withLock { held = isHeld }
    }

    var isHeld: Bool { lock.withLock { held } }

    /// The frame has been looked at, or could not be.
    public func end() {
        let level = phone.thermalLevel()
        lock.withLock { pacing.end(nowMs: phone.nowMs(), level: level) }
    }
}
