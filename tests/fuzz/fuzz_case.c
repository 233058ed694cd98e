/* Fuzzing target: any bytes as a case file or as the record of a run, with any --set, must be
 * accepted, or refused with one message.  The PETSc options of an accepted case are on the list of
 * those that a case may give.
 *
 * The byte 0x01, which a case file may not contain, ends its text.  The texts between further such
 * bytes are arguments of --set.  Files that a case names are looked for beside it, in a folder that
 * does not exist. */
#include "fuzz_target.h"

#include "io/case_file/case_file.h"
#include "io/case_file/yaml_tree.h"
#include "solver/case/petsc_rules.h"

enum { SETS = 4, RANKS = 4 };

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
  (void)argc, (void)argv;
  MUST(PetscInitializeNoArguments() == 0 && PetscPopSignalHandler() == 0);
  return 0;
}

/* Parse the bytes as YAML alone, which accepts any length and bytes of value 0. */
static void ParseTree(const uint8_t *data, size_t size)
{
  HeatYamlTree   *tree;
  HeatYamlNode   *root;
  HeatYamlProblem problem;

  MUST(HeatYamlCreate(&tree) == 0);
  MUST(HeatYamlParse(tree, (const char *)data, size, PETSC_FALSE, &root, &problem) == 0);
  MUST(!root || !problem.message[0]);
  MUST(HeatYamlDestroy(&tree) == 0);
}

static void CheckOptions(const HeatCase *c)
{
  char reason[HEAT_REASON_BYTES];

  for (PetscInt i = 0; i < c->n_petsc; i++)
    MUST(HeatPetscOptionCheck(c->petsc[i].key, c->petsc[i].value, reason, sizeof reason));
}

static PetscErrorCode ReadAndValidate(const char *text, PetscInt n_set, const char *const *set)
{
  HeatCase      *c;
  PetscErrorCode code;

  code = HeatCaseReadText(PETSC_COMM_SELF, "/nowhere/case.yaml", text, n_set, set, &c);
  if (code) return code;
  code = HeatCaseValidate(PETSC_COMM_SELF, c, RANKS);
  if (!code) CheckOptions(c);
  MUST(HeatCaseDestroy(&c) == 0);
  return code;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  const char *set[SETS];
  PetscInt    n_set = 0;
  char       *text  = malloc(size + 1);

  MUST(text);
  if (size) memcpy(text, data, size);
  text[size] = '\0';
  ParseTree(data, size);
  for (char *end = strchr(text, 1); end; end = strchr(end + 1, 1)) {
    *end = '\0';
    if (n_set < SETS) set[n_set++] = end + 1;
  }
  ACCEPTS_OR_REFUSES(ReadAndValidate(text, n_set, set));
  free(text);
  return 0;
}
