// What Sources/ActnetPhone uses of Apple's SwiftUI and Core Transferable; see CoreML.swift. Every
// view is itself where Apple's would be wrapped, so only names, labels and types are checked.
@_exported import Foundation
import UIKit

@MainActor @preconcurrency public protocol View {
    associatedtype Body: View
    @ViewBuilder var body: Body { get }
}
extension Never: View {
    public var body: Never { return preconditionFailure() }
}
public protocol Primitive: View where Body == Never {}
extension Primitive { public var body: Never { return preconditionFailure() } }

public struct Group<Content>: Primitive {}
extension Optional: View where Wrapped: View {
    public var body: Never { return preconditionFailure() }
}

@resultBuilder public enum ViewBuilder {
    public static func buildBlock<each Content: View>(_ content: repeat each Content) -> Group<
        (repeat each Content)
    > { Group() }
    public static func buildEither<First: View, Second: View>(first: First) -> Group<
        (First, Second)
    > { Group() }
    public static func buildEither<First: View, Second: View>(second: Second) -> Group<
        (First, Second)
    > { Group() }
    public static func buildExpression<Content: View>(_ content: Content) -> Content { content }
    public static func buildOptional<Content: View>(_ content: Content?) -> Group<Content> {
        Group()
    }
}

public enum HorizontalAlignment { case leading, center }
public struct LazyVStack<Content: View>: Primitive {
    public init(
        alignment: HorizontalAlignment = .center, spacing: CGFloat? = nil,
        @ViewBuilder content: () -> Content
    ) {}
}
public struct ZStack<Content: View>: Primitive {
    public init(@ViewBuilder content: () -> Content) {}
}
public struct TabView<Selection: Hashable, Content: View>: Primitive {
    public init(selection: Binding<Selection>, @ViewBuilder content: () -> Content) {}
}
public struct Label: Primitive {
    public init(_ title: String, systemImage: String) {}
}
public struct VStack<Content: View>: Primitive {
    public init(
        alignment: HorizontalAlignment = .center, spacing: CGFloat? = nil,
        @ViewBuilder content: () -> Content
    ) {}
}
public struct HStack<Content: View>: Primitive {
    public init(@ViewBuilder content: () -> Content) {}
}
public struct ScrollView<Content: View>: Primitive {
    public init(@ViewBuilder content: () -> Content) {}
}
public struct ForEach<Data: RandomAccessCollection, ID: Hashable, Content: View>: Primitive {
    public init(
        _ data: Data, id: KeyPath<Data.Element, ID>,
        @ViewBuilder content: @escaping (Data.Element) -> Content
    ) {}
}
public struct Font: Sendable {
    public static let largeTitle = Font()
    public static let headline = Font()
    public static let caption = Font()
}
public struct Color: Primitive, Sendable {
    public init(uiColor: UIColor) {}
    private init() {}
    public static let red = Color()
    public static let green = Color()
    public static let black = Color()
    public static let white = Color()
    public static let clear = Color()
}
public struct Path {
    public init() {}
    public mutating func addRect(_ rect: CGRect) {}
    public mutating func addLines(_ points: [CGPoint]) {}
    public mutating func closeSubpath() {}
}
@preconcurrency public protocol Shape: View where Body == Never {
    nonisolated func path(in rect: CGRect) -> Path
}
extension Shape {
    public var body: Never { return preconditionFailure() }
    public func stroke(_ color: Color, lineWidth: CGFloat) -> some View { Group<Self>() }
}
extension Group: View { public var body: Never { return preconditionFailure() } }
public struct TextField: Primitive {
    public init(_ title: String, text: Binding<String>) {}
}
public struct RoundedBorderTextFieldStyle: Sendable {}
public protocol TextFieldStyle {}
extension RoundedBorderTextFieldStyle: TextFieldStyle {}
extension TextFieldStyle where Self == RoundedBorderTextFieldStyle {
    public static var roundedBorder: RoundedBorderTextFieldStyle { RoundedBorderTextFieldStyle() }
}
@MainActor public struct MagnificationGesture {
    public init() {}
    public func onChanged(_ action: @escaping @MainActor (CGFloat) -> Void) -> Self { self }
    public func onEnded(_ action: @escaping @MainActor (CGFloat) -> Void) -> Self { self }
}
public enum AccessibilityActionKind { case `default`, escape }
public enum DynamicTypeSize: Comparable, Sendable { case large, xxxLarge, accessibility5 }
public enum UserInterfaceSizeClass: Sendable { case compact, regular }
public struct Text: Primitive {
    public init(_ text: String) {}
}
public struct Button<Label: View>: Primitive {
    public init(action: @escaping @MainActor () -> Void, @ViewBuilder label: () -> Label) {}
}
extension Button where Label == Text {
    public init(_ title: String, action: @escaping @MainActor () -> Void) {}
}
public struct ProgressView: Primitive {
    public init(_ title: String, value: Double?, total: Double = 1) {}
}
public struct ShareLink: Primitive {
    public init(_ title: String, item: URL) {}
    public init(_ title: String, item: String) {}
}
public struct Image: Primitive {
    public init(uiImage: UIImage) {}
    public func resizable() -> Image { self }
}

public enum ContentMode { case fit, fill }
public struct AccessibilityTraits: OptionSet, Sendable {
    public let rawValue: Int
    public init(rawValue: Int) { self.rawValue = rawValue }
    public static let isHeader = AccessibilityTraits(rawValue: 1)
    public static let isSelected = AccessibilityTraits(rawValue: 2)
    public static let isImage = AccessibilityTraits(rawValue: 4)
}

public protocol PrimitiveButtonStyle {}
public struct BorderedButtonStyle: PrimitiveButtonStyle {}
extension PrimitiveButtonStyle where Self == BorderedButtonStyle {
    public static var bordered: BorderedButtonStyle { BorderedButtonStyle() }
}
public enum ControlSize { case mini, small, regular, large }

extension View {
    public func buttonStyle<Style: PrimitiveButtonStyle>(_ style: Style) -> some View { self }
    public func controlSize(_ size: ControlSize) -> some View { self }
    public func aspectRatio(_ ratio: CGFloat?, contentMode: ContentMode) -> some View { self }
    public func accessibilityLabel(_ label: String) -> some View { self }
    public func accessibilityAddTraits(_ traits: AccessibilityTraits) -> some View { self }
    public func dynamicTypeSize(_ range: PartialRangeThrough<DynamicTypeSize>) -> some View { self }
    public func accessibilityElement() -> some View { self }
    public func accessibilityAction(
        _ kind: AccessibilityActionKind = .default, _ handler: @escaping @MainActor () -> Void
    ) -> some View { self }
    public func overlay<Overlay: View>(_ overlay: Overlay) -> some View { self }
    public func gesture(_ gesture: MagnificationGesture) -> some View { self }
    public func allowsHitTesting(_ enabled: Bool) -> some View { self }
    public func tabItem<Item: View>(@ViewBuilder _ item: () -> Item) -> some View { self }
    public func tag<Tag: Hashable>(_ tag: Tag) -> some View { self }
    public func textFieldStyle<Style: TextFieldStyle>(_ style: Style) -> some View { self }
    public func frame(maxWidth: CGFloat? = nil, maxHeight: CGFloat? = nil) -> some View { self }
    public func accessibilityHidden(_ hidden: Bool) -> some View { self }
    public func font(_ font: Font?) -> some View { self }
    public func foregroundColor(_ color: Color?) -> some View { self }
    public func padding() -> some View { self }
    public func disabled(_ disabled: Bool) -> some View { self }
    public func scaledToFit() -> some View { self }
    public func frame(width: CGFloat? = nil, height: CGFloat? = nil) -> some View { self }
    public func onChange<Value: Equatable>(of value: Value, perform: @escaping (Value) -> Void)
        -> some View
    { self }
    public func task(_ action: @escaping @Sendable @MainActor () async -> Void) -> some View {
        self
    }
    public func task<ID: Equatable>(
        id: ID, _ action: @escaping @Sendable @MainActor () async -> Void
    ) -> some View { self }
}

@MainActor @preconcurrency public protocol UIViewRepresentable: View where Body == Never {
    associatedtype UIViewType: UIView
    typealias Context = RepresentableContext
    func makeUIView(context: Context) -> UIViewType
    func updateUIView(_ view: UIViewType, context: Context)
}
extension UIViewRepresentable { public var body: Never { return preconditionFailure() } }
public struct RepresentableContext {}

public protocol ObservableObject: AnyObject {}
@propertyWrapper public struct Published<Value> {
    public init(wrappedValue: Value) { self.wrappedValue = wrappedValue }
    public var wrappedValue: Value
}
@propertyWrapper public struct State<Value> {
    private let start: Value
    public init(wrappedValue: Value) { start = wrappedValue }
    public var wrappedValue: Value {
        get { start }
        nonmutating set {}
    }
    public var projectedValue: Binding<Value> { preconditionFailure() }
}
extension State where Value: ExpressibleByNilLiteral {
    public init() { start = nil }
}
@MainActor @propertyWrapper public struct StateObject<Model: ObservableObject> {
    private let make: () -> Model
    public init(wrappedValue: @autoclosure @escaping () -> Model) { make = wrappedValue }
    public var wrappedValue: Model { make() }
}
@propertyWrapper public struct Binding<Value> {
    private let get: () -> Value
    private let set: (Value) -> Void
    public init(get: @escaping @MainActor () -> Value, set: @escaping @MainActor (Value) -> Void) {
        preconditionFailure()
    }
    public var wrappedValue: Value {
        get { get() }
        nonmutating set { set(newValue) }
    }
}
public enum ScenePhase: Sendable { case active, inactive, background }
public struct EnvironmentValues {
    public var scenePhase: ScenePhase { .active }
    public var verticalSizeClass: UserInterfaceSizeClass? { .regular }
}
@propertyWrapper public struct Environment<Value> {
    public init(_ path: KeyPath<EnvironmentValues, Value>) {}
    public var wrappedValue: Value { preconditionFailure() }
}

@MainActor public protocol Scene {}
public struct WindowGroup<Content: View>: Scene {
    public init(@ViewBuilder content: () -> Content) {}
}
@MainActor @preconcurrency public protocol App {
    associatedtype Body: Scene
    var body: Body { get }
    init()
}
extension App {
    public static func main() {}
}
