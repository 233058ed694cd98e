/** Helpers for the tests of io: grids with a chosen layout of blocks, a field with a different
 *  value in each cell, a folder for each test, and assertions on the message of an error. */
#ifndef HEAT_TESTS_IO_TEST_H
#define HEAT_TESTS_IO_TEST_H

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "io/file/file_util.h"
#include "solver/grid/grid.h"

/* Assert that a PETSc-style call succeeds. */
#define OK(call) assert_int_equal((call), 0)

/* Assert that a call raises HEAT_ERR_FILE with `words` in its message. */
#define FAILS_WITH(words, call)                                                                    \
  do {                                                                                             \
    HeatTestMessage[0] = '\0';                                                                     \
    OK(PetscPushErrorHandler(HeatTestCapture, NULL));                                              \
    const PetscErrorCode fails_code = (call);                                                      \
    OK(PetscPopErrorHandler());                                                                    \
    assert_int_equal(fails_code, HEAT_ERR_FILE);                                                   \
    if (!strstr(HeatTestMessage, (words))) {                                                       \
      fail_msg("\"%s\" is not in the message \"%s\"", (words), HeatTestMessage);                   \
    }                                                                                              \
  } while (0)

static char HeatTestMessage[2048]; /* of the last error that was raised */

/* Keep the message of an error where it is raised, and print nothing. */
static inline PetscErrorCode HeatTestCapture(MPI_Comm comm, int line, const char *function,
                                             const char *file, PetscErrorCode code,
                                             PetscErrorType type, const char *message,
                                             void *context)
{
  (void)comm, (void)line, (void)function, (void)file, (void)context;
  if (type == PETSC_ERROR_INITIAL)
    snprintf(HeatTestMessage, sizeof(HeatTestMessage), "%s", message);
  return code;
}

static inline PetscMPIInt HeatTestRank(void)
{
  PetscMPIInt rank;

  MPI_Comm_rank(PETSC_COMM_WORLD, &rank);
  return rank;
}

static inline PetscMPIInt HeatTestSize(void)
{
  PetscMPIInt size;

  MPI_Comm_size(PETSC_COMM_WORLD, &size);
  return size;
}

/* Create a grid of nx x ny cells on [0, 2] x [1, 4] in px x py blocks, py being the size of the
   communicator divided by px. */
static inline HeatGrid *HeatTestGrid(MPI_Comm comm, PetscInt nx, PetscInt ny, PetscInt px)
{
  HeatCase   *c;
  HeatGrid   *g;
  PetscMPIInt size;

  MPI_Comm_size(comm, &size);
  OK(HeatCaseCreate(&c));
  c->grid.cells[0]              = nx;
  c->grid.cells[1]              = ny;
  c->grid.x[0]                  = 0.0;
  c->grid.x[1]                  = 2.0;
  c->grid.y[0]                  = 1.0;
  c->grid.y[1]                  = 4.0;
  c->decomposition.processes[0] = px;
  c->decomposition.processes[1] = size / px;
  OK(HeatGridCreate(comm, c, &g));
  OK(HeatCaseDestroy(&c));
  return g;
}

/* Return the next px after the given one that divides the number of ranks and leaves every block at
   least one cell, or 0 if there is none. */
static inline PetscInt HeatTestNextLayout(PetscInt nx, PetscInt ny, PetscInt px)
{
  const PetscInt size = HeatTestSize();

  for (px++; px <= size; px++) {
    if (size % px == 0 && px <= nx && size / px <= ny) return px;
  }
  return 0;
}

/* Return a value that differs from cell to cell and needs all 53 bits of a double. */
static inline double HeatTestValue(PetscInt i, PetscInt j)
{
  return 300.0 + (double)i / 3.0 - 1000.0 * (double)j / 7.0;
}

static inline double *HeatTestBlock(const HeatGrid *g)
{
  double *block;

  OK(PetscMalloc1(HeatGridLocalCells(g), &block));
  for (PetscInt j = 0; j < g->nyl; j++) {
    for (PetscInt i = 0; i < g->nxl; i++)
      block[j * g->nxl + i] = HeatTestValue(g->xs + i, g->ys + j);
  }
  return block;
}

static inline int32_t *HeatTestIntegers(const HeatGrid *g)
{
  int32_t *block;

  OK(PetscMalloc1(HeatGridLocalCells(g), &block));
  for (PetscInt j = 0; j < g->nyl; j++) {
    for (PetscInt i = 0; i < g->nxl; i++)
      block[j * g->nxl + i] = (int32_t)((g->xs + i + 2 * (g->ys + j)) % 3);
  }
  return block;
}

static inline void HeatTestBarrier(void) { MPI_Barrier(PETSC_COMM_WORLD); }

static inline int HeatTestExists(const char *path)
{
  struct stat status;

  HeatTestBarrier();
  return stat(path, &status) == 0;
}

/* Change the byte at `at` of a file to its XOR with `bits`, on rank 0. */
static inline void HeatTestFlip(const char *path, long at, int bits)
{
  HeatTestBarrier();
  if (HeatTestRank() == 0) {
    FILE *file = fopen(path, "r+b");
    int   byte;

    assert_non_null(file);
    fseek(file, at, SEEK_SET);
    byte = fgetc(file);
    fseek(file, at, SEEK_SET);
    fputc(byte ^ bits, file);
    fclose(file);
  }
  HeatTestBarrier();
}

static inline long HeatTestBytes(const char *path)
{
  struct stat status;

  HeatTestBarrier();
  return stat(path, &status) == 0 ? (long)status.st_size : -1;
}

/* Return whether two files are equal byte for byte.  Every rank reads both. */
static inline int HeatTestSame(const char *a, const char *b)
{
  FILE *f = fopen(a, "rb"), *g = fopen(b, "rb");
  int   x, y;

  assert_non_null(f);
  assert_non_null(g);
  do {
    x = fgetc(f);
    y = fgetc(g);
  } while (x == y && x != EOF);
  fclose(f);
  fclose(g);
  return x == y;
}

/* Return the offset in bytes at which a small file holds the value. */
static inline long HeatTestFind(const char *path, double value)
{
  char   bytes[65536];
  FILE  *file = fopen(path, "rb");
  size_t n    = fread(bytes, 1, sizeof(bytes), file);

  fclose(file);
  for (size_t at = 0; at + sizeof(value) <= n; at++) {
    if (memcmp(bytes + at, &value, sizeof(value)) == 0) return (long)at;
  }
  fail_msg("the value is not in %s", path);
  return -1;
}

/* Write a small text file on rank 0. */
static inline void HeatTestPut(const char *path, const char *text)
{
  HeatTestBarrier();
  if (HeatTestRank() == 0) {
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
  }
  HeatTestBarrier();
}

/* Return the text of a small file, on every rank. */
static inline const char *HeatTestGet(const char *path, char *buffer, size_t size)
{
  FILE  *file;
  size_t n;

  HeatTestBarrier();
  file = fopen(path, "r");
  assert_non_null(file);
  n         = fread(buffer, 1, size - 1, file);
  buffer[n] = '\0';
  fclose(file);
  return buffer;
}

/* Make an empty folder in the working directory and return its name on every rank. */
static inline const char *HeatTestFolder(const char *name)
{
  char command[512];

  HeatTestBarrier();
  if (HeatTestRank() == 0) {
    snprintf(command, sizeof(command), "rm -rf '%s' && mkdir -p '%s'", name, name);
    assert_int_equal(system(command), 0);
  }
  HeatTestBarrier();
  return name;
}

/* Define main() of a test program that runs the given tests. */
#define HEAT_TEST_MAIN(tests)                                                                      \
  int main(int argc, char **argv)                                                                  \
  {                                                                                                \
    int failed;                                                                                    \
    if (PetscInitialize(&argc, &argv, NULL, NULL)) return 70;                                      \
    if (HeatErrorInstall()) return 70;                                                             \
    signal(SIGXFSZ, SIG_IGN);                                                                      \
    failed = cmocka_run_group_tests(tests, NULL, NULL);                                            \
    if (PetscFinalize()) return 70;                                                                \
    return failed ? 1 : 0;                                                                         \
  }

#endif
