/* Opens the gallery that came with the app beside that of this phone's photos. */
package org.mobileactnet

import java.io.Closeable
import java.io.File

/**
 * The two galleries of a model, open.
 *
 * @property pair both, searched as one.
 * @property writer of the phone's own.
 */
class OpenGalleries private constructor(val pair: GalleryPair, val writer: GalleryWriter) : Closeable {
    override fun close() = pair.close()

    companion object {
        /**
         * Opens both; what was opened is closed again where something is refused. A gallery of the phone's photos that
         * was made by another model begins anew.
         *
         * @throws ActnetException with a sentence on what is wrong, and what to do.
         */
        fun open(files: InstalledFiles, openDatabase: (File) -> Database): OpenGalleries {
            checkGalleryFile(files.gallery)
            val database = openDatabase(files.gallery)
            try {
                val shipped = Gallery(database, files.gallery.name)
                checkModel(files.gallery.name, shipped.info, files.manifest, files.artefact.name)
                val ofPhone = addedDatabase(files, shipped, database, openDatabase)
                val added = Gallery(ofPhone, files.added.name)
                return OpenGalleries(GalleryPair(shipped, added), GalleryWriter(ofPhone, files.added.name))
            } catch (error: Throwable) {
                database.close()
                throw error
            }
        }

        private fun addedDatabase(
            files: InstalledFiles,
            shipped: Gallery,
            database: Database,
            openDatabase: (File) -> Database
        ): Database {
            if (files.added.exists()) {
                checkGalleryFile(files.added)
                val present = openDatabase(files.added)
                try {
                    if (fitTogether(shipped, Gallery(present, files.added.name))) return present
                } catch (error: Throwable) {
                    present.close()
                    throw error
                }
                present.close()
            }
            createAdded(files.added, database, openDatabase)
            return openDatabase(files.added)
        }
    }
}
