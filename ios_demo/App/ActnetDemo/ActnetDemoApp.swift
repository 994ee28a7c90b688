import ActnetPhone
import SwiftUI

/// The app's entry; everything else is in the package.
@main
struct ActnetDemoApp: App {
    var body: some Scene {
        WindowGroup { DemoView() }
    }
}
