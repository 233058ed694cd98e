/** The interface between a fuzzing target and its driver, which is libFuzzer, or replay.c with any
 *  compiler. */
#ifndef HEAT_TESTS_FUZZ_TARGET_H
#define HEAT_TESTS_FUZZ_TARGET_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "solver/base/error.h"

/** Set up the target, and run it on one input.  libFuzzer prescribes the names. */
int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** Assert what must hold for any input; otherwise abort, which the driver reports as a finding. */
#define MUST(condition)                                                                            \
  do {                                                                                             \
    if (!(condition)) {                                                                            \
      (void)fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);                \
      abort();                                                                                     \
    }                                                                                              \
  } while (0)

/** The number of errors raised, and the last message. */
typedef struct {
  int  count;
  char message[2048];
} FuzzRaised;

static inline PetscErrorCode FuzzRecord(MPI_Comm comm, int line, const char *function,
                                        const char *file, PetscErrorCode code, PetscErrorType type,
                                        const char *message, void *context)
{
  FuzzRaised *raised = context;

  (void)comm, (void)line, (void)function, (void)file;
  if (type == PETSC_ERROR_INITIAL) {
    raised->count++;
    snprintf(raised->message, sizeof raised->message, "%s", message);
  }
  return code;
}

/** Assert that a call succeeds, or raises exactly one error of heat2d's with a message. */
#define ACCEPTS_OR_REFUSES(call)                                                                   \
  do {                                                                                             \
    static FuzzRaised raised_;                                                                     \
    raised_.count      = 0;                                                                        \
    raised_.message[0] = '\0';                                                                     \
    MUST(PetscPushErrorHandler(FuzzRecord, &raised_) == 0);                                        \
    const PetscErrorCode code_ = (call);                                                           \
    MUST(PetscPopErrorHandler() == 0);                                                             \
    MUST(code_ == 0 || code_ == HEAT_ERR_INPUT || code_ == HEAT_ERR_FILE);                         \
    MUST(raised_.count == (code_ != 0));                                                           \
    MUST(code_ == 0 || strlen(raised_.message) > 5);                                               \
  } while (0)

#endif
