/* A plug-in of qemu-user (TCG) that counts the guest's instructions.
 *
 * At every getppid() of the guest it writes the sum so far, a line of digits, to the file that
 * `-plugin count_instructions.so,out=FILE` names. One thread: the sum is not atomic.
 * The prototypes are those of version 1 of QEMU's plug-in interface (qemu-plugin.h, QEMU 7.2).
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { GETPPID_ON_ARM64 = 173 };
enum { INLINE_ADD_U64 = 0 };

typedef uint64_t PluginId;
struct qemu_plugin_tb;

typedef void (*OnTranslated)(PluginId, struct qemu_plugin_tb *);
typedef void (*OnSyscall)(PluginId, unsigned vcpu, int64_t number, uint64_t, uint64_t, uint64_t,
                          uint64_t, uint64_t, uint64_t, uint64_t, uint64_t);

void qemu_plugin_register_vcpu_tb_trans_cb(PluginId, OnTranslated);
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *, int operation, void *sum,
                                              uint64_t amount);
void qemu_plugin_register_vcpu_syscall_cb(PluginId, OnSyscall);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);

#define EXPORTED __attribute__((visibility("default")))

EXPORTED int qemu_plugin_version = 1;

static uint64_t sum;
static FILE *out;

static void on_translated(PluginId id, struct qemu_plugin_tb *block) {
  (void)id;
  qemu_plugin_register_vcpu_tb_exec_inline(block, INLINE_ADD_U64, &sum,
                                           qemu_plugin_tb_n_insns(block));
}

static void on_syscall(PluginId id, unsigned vcpu, int64_t number, uint64_t a, uint64_t b,
                       uint64_t c, uint64_t d, uint64_t e, uint64_t f, uint64_t g, uint64_t h) {
  (void)id, (void)vcpu, (void)a, (void)b, (void)c, (void)d, (void)e, (void)f, (void)g, (void)h;
  if (number != GETPPID_ON_ARM64) return;
  fprintf(out, "%" PRIu64 "\n", sum);
  fflush(out);
}

EXPORTED int qemu_plugin_install(PluginId id, const void *info, int count, char **words) {
  (void)info;
  for (int i = 0; i < count; i++)
    if (!strncmp(words[i], "out=", 4)) out = fopen(words[i] + 4, "w");
  if (out == NULL) return 1;
  qemu_plugin_register_vcpu_tb_trans_cb(id, on_translated);
  qemu_plugin_register_vcpu_syscall_cb(id, on_syscall);
  return 0;
}
