/* Seals: every changed, lost or added byte of the bookkeeping is found, and it is found before HDF5
   opens the file. */
#define _POSIX_C_SOURCE 200809L
#include "io_test.h"

#include "io/field_file/field_file.h"
#include "io/field_file/seal.h"

#define LENGTH 60

/* Write and seal a file of 60 bytes, of which [8, 20), [20, 24) and [40, 48) are left out as
   values. */
static void Seal(const char *path)
{
  HeatExtent    extents[] = {{40, 8}, {20, 4}, {8, 12}};
  HeatFileError error     = {0};
  HeatSeal      seal;
  FILE         *file = fopen(path, "wb");

  for (int k = 0; k < LENGTH; k++) fputc(3 * k + 1, file);
  fclose(file);
  HeatSealAppend(path, 3, extents, &seal, &error);
  assert_false(error.failed);
  assert_int_equal(seal.length, LENGTH);
  assert_int_equal(HeatTestBytes(path), LENGTH + 2 * 16 + 56); /* two touching extents become one */
}

/* Return "" if the file is as it was sealed, or the error message. */
static const char *Check(const char *path, HeatSeal *seal)
{
  static HeatFileError error;

  error = (HeatFileError){0};
  HeatSealCheck(path, seal, &error);
  return error.failed ? error.text : "";
}

static void every_changed_byte_of_the_bookkeeping_is_found(void **state)
{
  HeatSeal seal;
  long     unnoticed = 0;

  (void)state;
  HeatTestFolder("flip");
  Seal("flip/a");
  assert_string_equal(Check("flip/a", &seal), "");
  assert_int_equal(seal.length, LENGTH);
  for (long at = 0; at < HeatTestBytes("flip/a"); at++) {
    const int value = (at >= 8 && at < 24) || (at >= 40 && at < 48);
    const int magic = at >= HeatTestBytes("flip/a") - 56 && at < HeatTestBytes("flip/a") - 40;

    HeatTestFlip("flip/a", at, 1 << (at % 8));
    if (value) assert_string_equal(Check("flip/a", &seal), "");
    else if (magic) assert_int_equal((Check("flip/a", &seal), seal.length), 0); /* looks unsealed */
    else assert_non_null(strstr(Check("flip/a", &seal), "damaged"));
    unnoticed += value;
    HeatTestFlip("flip/a", at, 1 << (at % 8));
  }
  assert_int_equal(unnoticed, 24);
  assert_string_equal(Check("flip/a", &seal), "");
}

/* The checksum is computed here as io/README.md describes it, over 60 - 24 = 36 bytes that are
   padded to five words. */
static void checksum_is_the_documented_one(void **state)
{
  unsigned char bytes[40] = {0};
  uint64_t      words[5], sum = 0;
  HeatSeal      seal;
  int           n = 0;

  (void)state;
  HeatTestFolder("sum");
  Seal("sum/a");
  for (int k = 0; k < LENGTH; k++) {
    if ((k >= 8 && k < 24) || (k >= 40 && k < 48)) continue;
    bytes[n++] = (unsigned char)(3 * k + 1);
  }
  memcpy(words, bytes, sizeof(words));
  for (uint64_t i = 0; i < 5; i++) {
    uint64_t z = words[i] ^ ((i + 1) * UINT64_C(0x9E3779B97F4A7C15));

    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    sum += z ^ (z >> 31);
  }
  Check("sum/a", &seal);
  assert_int_equal(seal.checksum, sum);
}

static void lost_and_added_bytes_are_found(void **state)
{
  HeatSeal seal;

  (void)state;
  HeatTestFolder("length");
  for (long lost = 1; lost <= LENGTH; lost++) {
    Seal("length/a");
    assert_int_equal(truncate("length/a", HeatTestBytes("length/a") - lost), 0);
    assert_true((Check("length/a", &seal)[0] ||
                 seal.length == 0)); /* 0: the magic text is not in its place */
  }
  Seal("length/a");
  assert_int_equal(truncate("length/a", HeatTestBytes("length/a") + 1), 0);
  Check("length/a", &seal);
  assert_int_equal(seal.length, 0);
}

/* A wrong version, length, number of extents or checksum, also values that point outside the
   file. */
static void seal_with_wrong_numbers_is_refused(void **state)
{
  HeatSeal seal;

  (void)state;
  HeatTestFolder("lies");
  for (long word = 2; word < 7; word++) {
    for (int byte = 0; byte < 8; byte++) {
      Seal("lies/a");
      HeatTestFlip("lies/a", HeatTestBytes("lies/a") - 56 + 8 * word + byte, 255);
      assert_non_null(strstr(Check("lies/a", &seal), "damaged"));
    }
  }
}

static PetscErrorCode Write(const HeatGrid *grid, const char *path, HeatCompression compression)
{
  double              *T     = HeatTestBlock(grid);
  HeatFileField        field = {.name = "temperature", .units = "K", .long_name = "T", .block = T};
  HeatFieldFileOptions options = {.kind = "snapshot", .title = "t", .compression = compression};

  OK(HeatFieldFileWrite(grid, path, &options, 1, &field, NULL));
  return PetscFree(T);
}

/* The seal of a field file covers all but the values and their checksums, with and without
   compression, and damage is found before HDF5 opens the file. */
static void damaged_field_file_is_refused_before_it_is_parsed(void **state)
{
  static const HeatCompression kinds[] = {HEAT_COMPRESSION_NONE, HEAT_COMPRESSION_DEFLATE};
  HeatGrid                    *grid    = HeatTestGrid(PETSC_COMM_WORLD, 17, 40, 1);
  HeatFieldFileInfo            info;
  double                      *T = HeatTestBlock(grid);

  (void)state;
  HeatTestFolder("field");
  for (int k = 0; k < 2; k++) {
    OK(Write(grid, "field/a.h5", kinds[k]));
    OK(HeatFieldFileReadInfo(PETSC_COMM_WORLD, "field/a.h5", &info));
    assert_true(info.sealed && info.bookkeeping != 0);
    HeatTestFlip("field/a.h5", 2, 1); /* the signature: HDF5 would report a file that is not HDF5 */
    FAILS_WITH("its bookkeeping is damaged",
               HeatFieldFileReadInfo(PETSC_COMM_WORLD, "field/a.h5", &info));
    FAILS_WITH("its bookkeeping is damaged",
               HeatFieldFileRead(grid, "field/a.h5", "temperature", HEAT_ELEMENT_DOUBLE, T));
    HeatTestFlip("field/a.h5", 2, 1);
    OK(HeatFieldFileRead(grid, "field/a.h5", "temperature", HEAT_ELEMENT_DOUBLE, T));
  }
  OK(PetscFree(T));
  OK(HeatGridDestroy(&grid));
}

/* A file without a seal, as another program writes it, is read; one whose seal is cut in the
   middle is refused. */
static void file_without_a_seal_is_read_and_one_with_half_of_it_is_not(void **state)
{
  HeatGrid         *grid = HeatTestGrid(PETSC_COMM_WORLD, 17, 40, 1);
  HeatFieldFileInfo info;
  HeatFileError     error = {0};
  HeatSeal          seal;

  (void)state;
  HeatTestFolder("half");
  OK(Write(grid, "half/a.h5", HEAT_COMPRESSION_NONE));
  HeatSealCheck("half/a.h5", &seal, &error);
  assert_int_equal(truncate("half/a.h5", HeatTestBytes("half/a.h5") - 1), 0);
  FAILS_WITH("the seal at its end is damaged or cut short",
             HeatFieldFileReadInfo(PETSC_COMM_WORLD, "half/a.h5", &info));
  assert_int_equal(truncate("half/a.h5", (off_t)seal.length), 0);
  OK(HeatFieldFileReadInfo(PETSC_COMM_WORLD, "half/a.h5", &info));
  assert_false(info.sealed);
  OK(HeatGridDestroy(&grid));
}

static const struct CMUnitTest Tests[] = {
    cmocka_unit_test(every_changed_byte_of_the_bookkeeping_is_found),
    cmocka_unit_test(checksum_is_the_documented_one),
    cmocka_unit_test(lost_and_added_bytes_are_found),
    cmocka_unit_test(seal_with_wrong_numbers_is_refused),
    cmocka_unit_test(damaged_field_file_is_refused_before_it_is_parsed),
    cmocka_unit_test(file_without_a_seal_is_read_and_one_with_half_of_it_is_not),
};

HEAT_TEST_MAIN(Tests)
