/* Time one artefact where it is to run: a phone, or ARM64 under emulation.
 *
 *     actnet_bench --graph=model.tflite --input=picture.rgb --output=result.json \
 *                  --num_threads=1 --num_runs=50 --warmup_runs=3 --min_secs=1 --max_secs=60
 *
 * Options are named as in LiteRT's benchmark_model. The result holds every sample and the
 * descriptor. Each run stands between two calls of getppid(): an emulator's plug-in sees them and
 * counts the instructions between them.
 */
#define _GNU_SOURCE
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "actnet_engine.h"

enum { MOST_RUNS = 1000000, FEWEST_RUNS = 10 };

typedef struct {
  const char *graph, *input, *output, *cpus;
  int num_threads, num_runs, warmup_runs;
  double min_secs, max_secs;
} Options;

static long long now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static int fail(const char *what, const char *which) {
  fprintf(stderr, "actnet_bench: %s%s%s\n", what, which[0] ? ": " : "", which);
  return 1;
}

static int parse(int count, char **words, Options *o) {
  struct { const char *name, **text; int *whole; double *number; } known[] = {
      {"--graph", &o->graph, 0, 0},           {"--input", &o->input, 0, 0},
      {"--output", &o->output, 0, 0},         {"--cpus", &o->cpus, 0, 0},
      {"--num_threads", 0, &o->num_threads, 0}, {"--num_runs", 0, &o->num_runs, 0},
      {"--warmup_runs", 0, &o->warmup_runs, 0}, {"--min_secs", 0, 0, &o->min_secs},
      {"--max_secs", 0, 0, &o->max_secs},
  };
  for (int i = 1; i < count; i++) {
    size_t k, length = strcspn(words[i], "=");
    for (k = 0; k < sizeof known / sizeof *known; k++)
      if (strlen(known[k].name) == length && !strncmp(words[i], known[k].name, length)) break;
    if (k == sizeof known / sizeof *known || words[i][length] != '=')
      return fail("unknown option", words[i]);
    const char *value = words[i] + length + 1;
    if (known[k].text) *known[k].text = value;
    if (known[k].whole) *known[k].whole = atoi(value);
    if (known[k].number) *known[k].number = atof(value);
  }
  if (!o->graph || !o->input || !o->output)
    return fail("--graph, --input and --output are needed", "");
  if (o->num_threads < 1 || o->num_runs < 1 || o->num_runs > MOST_RUNS || o->warmup_runs < 0)
    return fail("a number is outside its range", "");
  return 0;
}

/* Keep to the cores of a list such as 4,5,6,7. */
static int pin(const char *cpus) {
  cpu_set_t set;
  CPU_ZERO(&set);
  for (const char *at = cpus; *at; at += strspn(at, ",")) {
    char *end;
    long core = strtol(at, &end, 10);
    if (end == at || core < 0 || core >= CPU_SETSIZE) return fail("no list of cores", cpus);
    CPU_SET(core, &set);
    at = end;
  }
  return sched_setaffinity(0, sizeof set, &set) ? fail("these cores are not allowed", cpus) : 0;
}

static long peak_kilobytes(void) {
  char line[128];
  long found = 0;
  FILE *file = fopen("/proc/self/status", "r");
  while (file && fgets(line, sizeof line, file))
    if (sscanf(line, "VmHWM: %ld", &found) == 1) break;
  if (file) fclose(file);
  return found;
}

static int read_input(ActnetEngine *engine, const char *path) {
  size_t size = actnet_sizes(engine).pixel_bytes;
  unsigned char *pixels = malloc(size + 1);
  FILE *file = fopen(path, "rb");
  /* One byte more than is needed, to notice a file that is too long. */
  size_t found = file && pixels ? fread(pixels, 1, size + 1, file) : 0;
  int failed = found != size || actnet_set_pixels(engine, pixels, size, NULL);
  if (file) fclose(file);
  free(pixels);
  return failed ? fail("the picture is not there, or not of the model's size", path) : 0;
}

static long long timed_run(ActnetEngine *engine) {
  getppid();
  long long start = now_ns();
  int failed = actnet_run(engine, NULL);
  long long elapsed = now_ns() - start;
  getppid();
  return failed ? -1 : elapsed;
}

/* Returns the number of counted runs, 0 if one failed. */
static int measure(ActnetEngine *engine, const Options *o, long long *samples) {
  for (int i = 0; i < o->warmup_runs; i++)
    if (timed_run(engine) < 0) return 0;
  int runs = 0, fewest = o->num_runs < FEWEST_RUNS ? o->num_runs : FEWEST_RUNS;
  long long start = now_ns();
  for (;;) {
    double seconds = (now_ns() - start) / 1e9;
    if (runs == MOST_RUNS || (seconds >= o->max_secs && runs >= fewest)) break;
    if (runs >= o->num_runs && seconds >= o->min_secs) break;
    if ((samples[runs++] = timed_run(engine)) < 0) return 0;
  }
  return runs;
}

static int write_result(const char *path, ActnetEngine *engine, long long load_ns,
                        long long first_ns, const long long *samples, int runs) {
  size_t count = actnet_sizes(engine).descriptor_length;
  float *values = malloc(count * sizeof *values);
  FILE *file = fopen(path, "w");
  int failed = !values || !file || actnet_get_descriptor(engine, values, count, NULL);
  if (!failed) {
    fprintf(file, "{\"load_ns\": %lld, \"first_run_ns\": %lld, \"peak_kilobytes\": %ld,\n",
            load_ns, first_ns, peak_kilobytes());
    fprintf(file, "\"samples_ns\": [");
    for (int i = 0; i < runs; i++) fprintf(file, "%s%lld", i ? ", " : "", samples[i]);
    fprintf(file, "],\n\"descriptor\": [");
    /* JSON has no word for what is not finite; null is refused by whoever reads it. */
    for (size_t i = 0; i < count; i++)
      if (isfinite(values[i])) fprintf(file, "%s%.9g", i ? ", " : "", values[i]);
      else fprintf(file, "%snull", i ? ", " : "");
    fprintf(file, "]}\n");
    failed = ferror(file);
  }
  if (file && fclose(file)) failed = 1;
  free(values);
  return failed ? fail("cannot write the result", path) : 0;
}

int main(int count, char **words) {
  Options o = {.num_threads = 1, .num_runs = 50, .warmup_runs = 3, .min_secs = 1, .max_secs = 60};
  if (parse(count, words, &o) || (o.cpus && pin(o.cpus))) return 1;
  ActnetError error;
  long long start = now_ns();
  ActnetEngine *engine = actnet_open(o.graph, o.num_threads, &error);
  long long load_ns = now_ns() - start;
  if (engine == NULL) return fail(error.text, "");
  int failed = read_input(engine, o.input);
  long long first_ns = failed ? 0 : timed_run(engine);
  long long *samples = malloc(MOST_RUNS * sizeof *samples);
  int runs = failed || first_ns < 0 || !samples ? 0 : measure(engine, &o, samples);
  if (!failed && runs == 0) failed = fail("a run failed", o.graph);
  if (!failed) failed = write_result(o.output, engine, load_ns, first_ns, samples, runs);
  if (!failed) printf("%d runs\n", runs);
  free(samples);
  actnet_close(engine);
  return failed;
}
