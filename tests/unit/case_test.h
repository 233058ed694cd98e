/** Helpers for the tests of the case: an error handler that counts the errors that are raised and
 *  keeps the last message, and assertions on it. */
#ifndef HEAT_TESTS_CASE_TEST_H
#define HEAT_TESTS_CASE_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "solver/base/error.h"

/* Assert that a PETSc-style call succeeds. */
#define OK(call) assert_int_equal((call), 0)

/* Assert that a call raises HEAT_ERR_INPUT exactly once, with `words` in its message. */
#define REFUSES(words, call)                                                                       \
  do {                                                                                             \
    HeatRaised raised_ = {0, ""};                                                                  \
    OK(PetscPushErrorHandler(HeatRecord, &raised_));                                               \
    const PetscErrorCode code_ = (call);                                                           \
    OK(PetscPopErrorHandler());                                                                    \
    if (code_ != HEAT_ERR_INPUT || raised_.count != 1 || !strstr(raised_.message, (words))) {      \
      fail_msg("expected one error with \"%s\", got code %d, %d raised, last \"%s\"", (words),     \
               (int)code_, raised_.count, raised_.message);                                        \
    }                                                                                              \
  } while (0)

typedef struct {
  int  count;         /* errors raised */
  char message[2048]; /* of the last one */
} HeatRaised;

/* Count and keep an error where it is raised, and print nothing; context: a HeatRaised. */
static inline PetscErrorCode HeatRecord(MPI_Comm comm, int line, const char *function,
                                        const char *file, PetscErrorCode code, PetscErrorType type,
                                        const char *message, void *context)
{
  HeatRaised *raised = context;

  (void)comm, (void)line, (void)function, (void)file;
  if (type == PETSC_ERROR_INITIAL) {
    raised->count++;
    snprintf(raised->message, sizeof raised->message, "%s", message);
  }
  return code;
}

/* Initialise PETSc, run the tests, finalise PETSc, and return the number of failures on this
   rank.  heat2d's error handler is installed, because with PETSc's own the ranks other than 0
   sleep and then abort the job with exit code 0. */
#define RUN_TESTS(tests)                                                                           \
  (PetscInitializeNoArguments() || HeatErrorInstall()                                              \
       ? 1                                                                                         \
       : HeatTestFinish(cmocka_run_group_tests((tests), NULL, NULL)))

static inline int HeatTestFinish(int failures) { return PetscFinalize() ? 1 : failures; }

#endif
