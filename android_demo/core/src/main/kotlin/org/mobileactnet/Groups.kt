/* Hits that show nearly the same picture, taken together. */
package org.mobileactnet

/**
 * Groups a ranking: a hit joins the first earlier group whose first hit is like it.
 *
 * @param hits best first, of [database].
 * @param threshold least similarity between a hit and the first of its group.
 * @return groups in the order of their first hits.
 */
fun groupHits(database: StoredDescriptors, hits: List<Hit>, threshold: Double): List<List<Hit>> {
    val groups = mutableListOf<MutableList<Hit>>()
    for (hit in hits) {
        val group = groups.firstOrNull { group ->
            similarity(database, group.first().row, database, hit.row) >= threshold
        }
        if (group == null) groups += mutableListOf(hit) else group += hit
    }
    return groups
}
