/* A phone's benchmark as the JSON that actnet-bench reads (benchmarks/reports/report.py, schema 1). */
package org.mobileactnet

import org.json.JSONArray
import org.json.JSONObject

private const val REPORT_SCHEMA = 1

/** The phone that was measured; see `Machine` of the Python package. */
data class Phone(
    val name: String,
    val architecture: String,
    val system: String,
    val cores: Int,
    val memoryBytes: Long,
    val appVersion: String
)

/** A stretch of a sustained run. */
data class Window(val atS: Double, val p50Ms: Double, val p90Ms: Double, val runs: Int)

/**
 * What the benchmark measured.
 *
 * @property inferenceMs every counted run of the model alone, in order.
 * @property stages every counted run of the whole way, in order.
 * @property windows of the sustained run; empty where none was made.
 */
class BenchmarkResult(val inferenceMs: DoubleArray, val stages: List<StageTimes>, val windows: List<Window>) {
    /** Summaries of the stages by their names in the report. */
    val summaries: Map<String, Summary> = linkedMapOf(
        "decode" to { it: StageTimes -> it.decodeMs },
        "resize" to { it: StageTimes -> it.resizeMs },
        "inference" to { it: StageTimes -> it.inferenceMs },
        "search" to { it: StageTimes -> it.searchMs },
        "total" to { it: StageTimes -> it.totalMs }
    ).mapValues { (_, stage) -> summarise(DoubleArray(stages.size) { stage(stages[it]) }) }

    /** Median of the last tenth of the windows over that of the first; null without windows. */
    val slowdown: Double? = windows.takeIf { it.isNotEmpty() }?.let {
        val tenth = maxOf(1, it.size / 10)
        val median = { part: List<Window> -> percentile(part.map(Window::p50Ms).toDoubleArray(), 50.0) }
        median(it.takeLast(tenth)) / median(it.take(tenth))
    }
}

/**
 * Writes a report.
 *
 * @param ran how the model was run: [ModelChoice.accelerator] is the one really used. The GPU is named with the
 *   runtime, so that actnet-bench never compares it with a processor.
 * @param created UTC, ISO 8601.
 */
fun reportJson(
    result: BenchmarkResult,
    manifest: Manifest,
    phone: Phone,
    ran: ModelChoice,
    gallerySize: Int,
    created: String
): String {
    val size = "${manifest.preprocessing.heightPx}x${manifest.preprocessing.widthPx}"
    val setting = "${runtimeName(ran)} ${manifest.precision}, $size, " +
        if (ran.threads == 1) "1 thread" else "${ran.threads} threads"
    val measurement = measurementJson(result, manifest, ran, size)
    val stages = JSONObject()
        .put("setting", setting).put("picture", "generated").put("gallery", gallerySize)
        .put("search", "exact, Kotlin")
        .put("stages_ms", JSONObject(result.summaries.mapValues { summaryJson(it.value) }))
    return JSONObject()
        .put("machine", machineJson(phone, ran)).put("command", "Android demo, benchmark screen")
        .put("created", created).put("schema", REPORT_SCHEMA)
        .put("measurements", JSONArray().put(measurement))
        .put("sustained", sustainedJson(result, measurement))
        .put("stages", JSONArray().put(stages)).toString(1)
}

private fun runtimeName(ran: ModelChoice) = when (ran.accelerator) {
    Accelerator.CPU -> "litert"
    Accelerator.GPU -> "litert ${ran.accelerator.word}"
}

private fun measurementJson(result: BenchmarkResult, manifest: Manifest, ran: ModelChoice, size: String) = JSONObject()
    .put("network", manifest.name).put("runtime", runtimeName(ran)).put("runtime_version", "")
    .put("precision", manifest.precision).put("size", size).put("num_threads", ran.threads)
    .put("weights", manifest.checkpointName).put("artefact_sha256", manifest.artefactSha256)
    .put("artefact_bytes", manifest.artefactSizeBytes)
    .put("samples_ms", JSONArray(result.inferenceMs.toList()))
    .put("summary", summaryJson(summarise(result.inferenceMs)))

private fun sustainedJson(result: BenchmarkResult, measurement: JSONObject): JSONArray {
    val slowdown = result.slowdown ?: return JSONArray()
    val windows = result.windows.map {
        JSONObject().put("at_s", it.atS).put("p50_ms", it.p50Ms).put("p90_ms", it.p90Ms).put("runs", it.runs)
    }
    val sustained = JSONObject().put("measurement", measurement)
    return JSONArray().put(sustained.put("windows", JSONArray(windows)).put("slowdown", slowdown))
}

private fun summaryJson(summary: Summary) = JSONObject()
    .put("count", summary.count).put("p50_ms", summary.p50Ms).put("p90_ms", summary.p90Ms)
    .put("p99_ms", summary.p99Ms).put("mean_ms", summary.meanMs).put("min_ms", summary.minMs)
    .put("spread", summary.spread)

private fun machineJson(phone: Phone, ran: ModelChoice) = JSONObject()
    .put("kind", "android").put("name", phone.name).put("architecture", phone.architecture)
    .put("system", phone.system).put("cores", phone.cores).put("memory_bytes", phone.memoryBytes)
    .put("flags", JSONArray()).put("virtual", false).put("governor", "")
    .put("packages", JSONObject().put("android_demo", phone.appVersion))
    .put("facts", JSONObject().put("accelerator", ran.accelerator.word))
