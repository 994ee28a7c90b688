package org.mobileactnet.app

import java.io.File
import javax.xml.parsers.DocumentBuilderFactory
import org.mobileactnet.golden

private val resources = File(golden, "../../android_demo/app/src/main/res")

/** The texts of a language as Android reads them; a key without a text fails the test that asks for it. */
fun wordsOf(language: String): Words {
    val folder = if (language == "en") "values" else "values-$language"
    val document = DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(File(resources, "$folder/words.xml"))
    val strings = document.getElementsByTagName("string")
    val texts = (0 until strings.length).associate { number ->
        val element = strings.item(number)
        val name = element.attributes.getNamedItem("name").nodeValue
        name to element.textContent.replace("\\'", "'").replace("\\\"", "\"")
    }
    return Words { texts[it] ?: error("no text $it in $language") }
}

val english = wordsOf("en")
