/** Writing machine files (machine_file.h). */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "io/machine_file/machine_file.h"

/* Room for the text: 40 curves of kernels (10 kernels, 2 kinds of coefficients, alone and together)
   and 5 others, each of at most 32 pairs of 30 bytes, and the texts. */
enum { TEXT_BYTES = 128 << 10 };

/* A text to which is appended; what does not fit into TEXT_BYTES is cut off. */
typedef struct {
  char  *text;
  size_t used;
} Text;

__attribute__((format(printf, 2, 3))) static void Add(Text *t, const char *format, ...)
{
  va_list arguments;
  int     n;

  va_start(arguments, format);
  n = vsnprintf(t->text + t->used, TEXT_BYTES - t->used, format, arguments);
  va_end(arguments);
  if (n > 0) t->used = PetscMin(t->used + (size_t)n, TEXT_BYTES - 1);
}

/* Add a text in double quotes; YAML's escapes stand for quotes, backslashes and control
   characters. */
static void AddQuoted(Text *t, const char *key, const char *text)
{
  Add(t, "%s: \"", key);
  for (; *text; text++) {
    if (*text == '"' || *text == '\\') Add(t, "\\%c", *text);
    else if ((unsigned char)*text < 32) Add(t, "\\x%02x", (unsigned)*text);
    else Add(t, "%c", *text);
  }
  Add(t, "\"\n");
}

static void AddCurve(Text *t, const HeatCurve *curve)
{
  Add(t, "[");
  for (PetscInt k = 0; k < curve->n; k++)
    Add(t, "%s[%.6g, %.6g]", k ? ", " : "", curve->at[k], curve->value[k]);
  Add(t, "]");
}

static void AddLink(Text *t, const char *key, const HeatLink *link)
{
  if (!link->given) {
    Add(t, "%s: null\n", key);
    return;
  }
  Add(t, "%s:\n  latency: %.6g\n  bandwidth: ", key, link->latency);
  AddCurve(t, &link->bandwidth);
  Add(t, "\n");
}

static void AddReduction(Text *t, const char *key, const HeatCurve *curve)
{
  Add(t, "  %s: ", key);
  if (curve->n) AddCurve(t, curve);
  else Add(t, "null");
  Add(t, "\n");
}

static void AddMachine(Text *t, const HeatMachine *m)
{
  Add(t, "# A machine file of heat2d; inputs/machines/README.md explains the keys.  Units are SI: "
         "seconds, bytes, bytes per second.\n");
  AddQuoted(t, "name", m->name);
  AddQuoted(t, "source", m->source);
  Add(t, "nodes: %" PetscInt_FMT "\ncores_per_node: %" PetscInt_FMT "\n", m->nodes,
      m->cores_per_node);
  Add(t, "memory_per_node: %.6g\ncache_per_node: %.6g\n", m->memory_per_node, m->cache_per_node);
  Add(t, "memory_bandwidth: ");
  AddCurve(t, &m->memory_bandwidth);
  Add(t, "\n");
  AddLink(t, "within", &m->within);
  AddLink(t, "between", &m->between);
  Add(t, "exchange: %.6g\n", m->exchange);
  Add(t, "allreduce:\n");
  AddReduction(t, "within", &m->reduce_within);
  AddReduction(t, "between", &m->reduce_between);
  Add(t, "filesystem: {write: %.6g, read: %.6g, file: %.6g}\n", m->write, m->read, m->file);
  Add(t, "kernels:\n");
  for (int c = 0; c < HEAT_COEFFICIENTS; c++) {
    for (int k = 0; k < HEAT_KERNELS; k++) {
      const HeatKernelCost *cost = &m->kernel[c][k];

      Add(t, "  - {kernel: %s, coefficients: %s, bytes: %.4g, row: %.4g,\n     seconds: ",
          HeatKernelNames[k], HeatCoefficientsNames[c], cost->bytes, cost->row);
      AddCurve(t, &cost->seconds);
      if (cost->together.n) {
        Add(t, ",\n     together: ");
        AddCurve(t, &cost->together);
      }
      Add(t, "}\n");
    }
  }
}

void HeatMachineWrite(const char *path, const HeatMachine *machine, HeatFileError *error)
{
  Text t = {0};

  if (error->failed) return;
  if (PetscMalloc1(TEXT_BYTES, &t.text)) {
    HeatFileFail(error, "out of memory");
    return;
  }
  AddMachine(&t, machine);
  HeatFileReplace(path, t.text, t.used, error);
  (void)PetscFree(t.text);
}
