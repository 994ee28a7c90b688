package org.mobileactnet.app

/**
 * The texts of the screens in one language.
 *
 * @param lookUp the text of a key with `{0}`, `{1}` and so on for values; null where there is none.
 */
class Words(private val lookUp: (String) -> String?) {
    /** The text of a key with its values put in; the key itself where there is no text. */
    operator fun invoke(key: String, vararg values: Any): String =
        values.foldIndexed(lookUp(key) ?: key) { place, text, value -> text.replace("{$place}", value.toString()) }
}
