/* Run a target on its corpus without a fuzzer: `replay FOLDER` gives each file of the folder, in
   the order of their names, to the target.  A finding ends the program; a folder without files
   is an error. */
#define _XOPEN_SOURCE 700
#include <dirent.h>

#include "fuzz_target.h"

static void RunFile(const char *path)
{
  FILE    *file = fopen(path, "rb");
  uint8_t *data;
  long     size;

  MUST(file && fseek(file, 0, SEEK_END) == 0);
  size = ftell(file);
  MUST(size >= 0 && fseek(file, 0, SEEK_SET) == 0);
  data = malloc((size_t)size + 1);
  MUST(data && fread(data, 1, (size_t)size, file) == (size_t)size);
  (void)fclose(file);
  (void)printf("%s\n", path); /* the last path printed is that of a finding */
  (void)fflush(stdout);
  (void)LLVMFuzzerTestOneInput(data, (size_t)size);
  free(data);
}

int main(int argc, char **argv)
{
  struct dirent **entries;
  char            path[4096], *folder;
  int             n, given = 0;

  MUST(argc == 2);
  folder = realpath(argv[1], NULL); /* the target may change the working directory */
  n      = folder ? scandir(folder, &entries, NULL, alphasort) : -1;
  (void)LLVMFuzzerInitialize(&argc, &argv);
  for (int i = 0; i < n; i++) {
    if (entries[i]->d_name[0] != '.') {
      snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
      RunFile(path);
      given++;
    }
    free(entries[i]);
  }
  if (n >= 0) free(entries);
  free(folder);
  (void)printf("%d inputs\n", given);
  return PetscFinalize() || given == 0;
}
