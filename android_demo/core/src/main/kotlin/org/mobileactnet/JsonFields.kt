package org.mobileactnet

import org.json.JSONArray
import org.json.JSONException
import org.json.JSONObject
import org.json.JSONTokener

/**
 * Reads fields of a JSON object without org.json's conversions: "1" is no number, 1 is no text.
 *
 * @param place how errors name the object, such as `artefact` in `model.tflite.json`; empty at the top.
 * @param remedy what to do about a damaged file.
 */
internal class JsonFields(
    private val json: JSONObject,
    private val file: String,
    private val place: String = "",
    private val remedy: String = "export it again"
) {
    fun section(key: String): JsonFields = JsonFields(field<JSONObject>(key, "an object"), file, name(key), remedy)

    /** A list of objects. */
    fun sections(key: String): List<JsonFields> {
        val list = field<JSONArray>(key, "a list of objects")
        return List(list.length()) { number ->
            val json = list.opt(number) as? JSONObject ?: throw wrong(key, "a list of objects")
            JsonFields(json, file, "${name(key)}[$number]", remedy)
        }
    }

    fun text(key: String): String = field(key, "a text")

    fun flag(key: String): Boolean = field(key, "true or false")

    /** A whole number from [range]. */
    fun wholeNumber(key: String, range: LongRange): Long {
        val number = when (val value = json.opt(key)) {
            is Int -> value.toLong()
            is Long -> value
            else -> throw wrong(key, "a whole number")
        }
        if (number !in range) {
            throw wrong(key, "from ${range.first} to ${range.last} (got $number)")
        }
        return number
    }

    /** A list of finite numbers. */
    fun numbers(key: String): DoubleArray {
        val list = field<JSONArray>(key, "a list of numbers")
        return DoubleArray(list.length()) { place ->
            val number = list.opt(place) as? Number ?: throw wrong(key, "a list of numbers")
            number.toDouble().takeIf(Double::isFinite) ?: throw wrong(key, "a list of numbers")
        }
    }

    /** A list of texts. */
    fun texts(key: String): List<String> {
        val list = field<JSONArray>(key, "a list of texts")
        return List(list.length()) { place -> list.opt(place) as? String ?: throw wrong(key, "a list of texts") }
    }

    /** A finite number, or [missing] where the key is not there. */
    fun number(key: String, missing: Double): Double = if (json.has(key)) number(key) else missing

    /** A finite number. */
    fun number(key: String): Double {
        val number = json.opt(key) as? Number ?: throw wrong(key, "a number")
        return number.toDouble().takeIf(Double::isFinite) ?: throw wrong(key, "a number")
    }

    fun wrong(key: String, expected: String): ManifestException =
        ManifestException("$file is damaged: ${name(key)} must be $expected; $remedy")

    private fun name(key: String) = if (place.isEmpty()) key else "$place.$key"

    private inline fun <reified T> field(key: String, kind: String): T = json.opt(key) as? T ?: throw wrong(key, kind)
}

/** Parses one JSON object and nothing behind it. */
internal fun parseObject(text: String, file: String, remedy: String = "export it again"): JsonFields {
    val damaged = "$file is not a JSON object; $remedy"
    try {
        val tokener = JSONTokener(text)
        val json = tokener.nextValue() as? JSONObject ?: throw ManifestException(damaged)
        if (tokener.nextClean() != END) throw ManifestException(damaged)
        return JsonFields(json, file, remedy = remedy)
    } catch (error: JSONException) {
        throw ManifestException(damaged, error)
    } catch (error: StackOverflowError) {
        throw ManifestException(damaged, error) // Thousands of brackets inside each other.
    }
}

private const val END = '\u0000'
