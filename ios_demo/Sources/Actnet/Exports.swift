// The library is one module for its users; see README.md.

@_exported import ActnetCore

#if canImport(CoreML)
    @_exported import ActnetCoreML
#endif
