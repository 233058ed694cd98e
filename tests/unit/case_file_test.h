/** Helpers for the tests of the case file.  A text is written to a file in the test's own folder
 *  and read and validated as the program does; the helpers then assert that it is accepted, or
 *  refused with a given message. */
#ifndef HEAT_TESTS_CASE_FILE_TEST_H
#define HEAT_TESTS_CASE_FILE_TEST_H

#include "case_test.h"
#include "io/case_file/case_file.h"
#include "io/case_file/case_keys.h"

#define FILE_NAME "test_case_file.yaml"

static inline void WriteBytes(const void *bytes, size_t length)
{
  PetscMPIInt rank;

  MPI_Comm_rank(PETSC_COMM_WORLD, &rank);
  MPI_Barrier(PETSC_COMM_WORLD);
  if (rank == 0) {
    FILE *file = fopen(FILE_NAME, "wb");

    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
  }
  MPI_Barrier(PETSC_COMM_WORLD);
}

/* Read and validate the file with one --set (or none, for NULL), as the program does; a text
   without an initial temperature gets 0, so that texts are short.  Store the case in *keep if keep
   is given and the file is valid; otherwise destroy it. */
static inline PetscErrorCode ReadCaseFile(const char *set, HeatCase **keep)
{
  const char *const sets[1] = {set};
  HeatCase         *c;
  PetscMPIInt       size;
  PetscErrorCode    code = HeatCaseRead(PETSC_COMM_WORLD, FILE_NAME, set ? 1 : 0, sets, NULL, &c);

  MPI_Comm_size(PETSC_COMM_WORLD, &size);
  if (!code && !HeatCaseHasInitial(c))
    c->initial.temperature = (HeatFormula){PETSC_TRUE, 0.0, NULL};
  if (!code) code = HeatCaseValidate(PETSC_COMM_WORLD, c, size);
  if (!code && keep) *keep = c;
  else OK(HeatCaseDestroy(&c));
  return code;
}

/* Return the valid case of a text with one --set (or none, for NULL); the caller destroys it. */
static inline HeatCase *Accept(const char *text, const char *set)
{
  HeatCase *c = NULL;

  WriteBytes(text, strlen(text));
  OK(ReadCaseFile(set, &c));
  return c;
}

typedef struct {
  const char *what;  /* the faulty text: the rest of a file, or the argument of --set */
  const char *words; /* what the error message must contain */
} Fault;

/* Assert that each --set, applied to the valid text, is refused with its words. */
static inline void RefuseSets(const char *text, const Fault *faults, size_t n)
{
  WriteBytes(text, strlen(text));
  for (size_t i = 0; i < n; i++) REFUSES(faults[i].words, ReadCaseFile(faults[i].what, NULL));
}

/* Assert that `head` followed by each faulty text is refused with a message in which the words
   directly follow the name of the file and a colon. */
static inline void RefuseTexts(const char *head, const Fault *faults, size_t n)
{
  for (size_t i = 0; i < n; i++) {
    char text[2048], words[512];

    snprintf(text, sizeof text, "%s%s", head, faults[i].what);
    snprintf(words, sizeof words, FILE_NAME ":%s", faults[i].words);
    WriteBytes(text, strlen(text));
    REFUSES(words, ReadCaseFile(NULL, NULL));
  }
}

#define REFUSE_SETS(text, faults)  RefuseSets((text), (faults), PETSC_STATIC_ARRAY_LENGTH(faults))
#define REFUSE_TEXTS(head, faults) RefuseTexts((head), (faults), PETSC_STATIC_ARRAY_LENGTH(faults))

static inline int RemoveFile(void **state)
{
  PetscMPIInt rank;

  (void)state;
  MPI_Comm_rank(PETSC_COMM_WORLD, &rank);
  if (rank == 0) remove(FILE_NAME);
  return 0;
}

#endif
