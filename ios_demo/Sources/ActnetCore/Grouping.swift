extension Database {
    /// Takes hits together that show nearly the same picture.
    ///
    /// A hit joins the first earlier group whose first hit is like it.
    ///
    /// - Parameters:
    ///   - hits: of this database, best first.
    ///   - threshold: least similarity between a hit and the first of its group.
    public func group(_ hits: [Hit], threshold: Double) -> [[Hit]] {
        var groups: [[Hit]] = []
        for hit in hits {
            let joined = groups.firstIndex { group in
                group.first.map { similarity($0.row, hit.row) >= threshold } ?? false
            }
            if let joined {
                groups[joined].append(hit)
            } else {
                groups.append([hit])
            }
        }
        return groups
    }
}
