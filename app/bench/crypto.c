/** SHA-256 and base64 (crypto.h).  Only this file includes the headers of OpenSSL. */
#include "app/bench/crypto.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

PetscErrorCode HeatSha256(size_t n1, const void *part1, size_t n2, const void *part2,
                          unsigned char hash[HEAT_SHA256_BYTES])
{
  EVP_MD_CTX *context = EVP_MD_CTX_new();
  int         good;

  PetscFunctionBeginUser;
  good = context && EVP_DigestInit_ex(context, EVP_sha256(), NULL) &&
         EVP_DigestUpdate(context, part1, n1) && EVP_DigestUpdate(context, part2, n2) &&
         EVP_DigestFinal_ex(context, hash, NULL);
  EVP_MD_CTX_free(context);
  PetscCheck(good, PETSC_COMM_SELF, PETSC_ERR_LIB, "libcrypto cannot compute SHA-256");
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatSha256File(const char *path, unsigned char hash[HEAT_SHA256_BYTES])
{
  unsigned char buffer[1 << 15];
  EVP_MD_CTX   *context = EVP_MD_CTX_new();
  FILE         *file    = fopen(path, "rb");
  size_t        n;
  int           good;

  PetscFunctionBeginUser;
  if (!file) EVP_MD_CTX_free(context);
  PetscCheck(file, PETSC_COMM_SELF, PETSC_ERR_FILE_OPEN, "cannot open %s", path);
  good = context && EVP_DigestInit_ex(context, EVP_sha256(), NULL);
  while (good && (n = fread(buffer, 1, sizeof buffer, file)) > 0)
    good = EVP_DigestUpdate(context, buffer, n);
  good = good && !ferror(file) && EVP_DigestFinal_ex(context, hash, NULL);
  EVP_MD_CTX_free(context);
  (void)fclose(file);
  PetscCheck(good, PETSC_COMM_SELF, PETSC_ERR_FILE_READ, "cannot read %s", path);
  PetscFunctionReturn(PETSC_SUCCESS);
}

void HeatBase64Write(int n, const unsigned char *bytes, char *text)
{
  (void)EVP_EncodeBlock((unsigned char *)text, bytes, n);
}

PetscBool HeatBase64Read(const char *text, int n, unsigned char *bytes)
{
  const size_t length = strlen(text);

  if (length + 1 != (size_t)HEAT_BASE64_ROOM(n)) return PETSC_FALSE;
  return EVP_DecodeBlock(bytes, (const unsigned char *)text, (int)length) >= n ? PETSC_TRUE
                                                                               : PETSC_FALSE;
}
