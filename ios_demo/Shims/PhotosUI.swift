// What Sources/ActnetPhone uses of Apple's PhotosUI; see CoreML.swift.
import CoreTransferable
import SwiftUI

public struct PHPickerFilter: Sendable {
    public static let images = PHPickerFilter()
}
public struct PhotosPickerItem: Hashable, Sendable {
    public func loadTransferable<T: Transferable & Sendable>(type: T.Type) async throws -> T? {
        nil
    }
}
extension View {
    public func photosPicker(
        isPresented: Binding<Bool>, selection: Binding<[PhotosPickerItem]>,
        maxSelectionCount: Int? = nil, matching filter: PHPickerFilter? = nil
    ) -> some View { self }
}
