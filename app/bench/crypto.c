/** SHA-256, signatures and base64 (crypto.h).  Only this file includes the headers of OpenSSL. */
#define _POSIX_C_SOURCE 200809L /* fdopen */
#include "app/bench/crypto.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "io/file/file_util.h"

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

/* Open a file for reading.  Return NULL if it cannot be opened or is not a regular file; a pipe is
   refused without waiting for its writer. */
static FILE *OpenInput(const char *path)
{
  HeatFileError error = {0};
  const int     file  = HeatFileOpenInput(path, &error);
  FILE         *input = file < 0 ? NULL : fdopen(file, "rb");

  if (file >= 0 && !input) (void)close(file);
  return input;
}

PetscErrorCode HeatSha256File(const char *path, unsigned char hash[HEAT_SHA256_BYTES])
{
  unsigned char buffer[1 << 15];
  EVP_MD_CTX   *context = EVP_MD_CTX_new();
  FILE         *file    = OpenInput(path);
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

/* Read a public key.  Return NULL if the file cannot be read or holds none. */
static EVP_PKEY *ReadKey(const char *path)
{
  FILE     *file = OpenInput(path);
  EVP_PKEY *key  = file ? PEM_read_PUBKEY(file, NULL, NULL, NULL) : NULL;

  if (file) (void)fclose(file);
  return key;
}

/* Read a file of at most `size` bytes, and return its length; 0 if it is empty, longer, or
   cannot be read. */
static size_t ReadBytes(const char *path, size_t size, unsigned char *bytes)
{
  FILE  *file = OpenInput(path);
  size_t n    = 0;

  if (!file) return 0;
  n = fread(bytes, 1, size, file);
  if (fgetc(file) != EOF) n = 0;
  (void)fclose(file);
  return n;
}

HeatSignature HeatSignatureVerify(const char *path, const char *signature, const char *key)
{
  unsigned char buffer[1 << 15], bytes[1 << 12]; /* 4 kB: twice the longest RSA key in use */
  EVP_PKEY     *public_key = ReadKey(key);
  EVP_MD_CTX   *context    = EVP_MD_CTX_new();
  FILE         *file       = OpenInput(path);
  const size_t  length     = ReadBytes(signature, sizeof bytes, bytes);
  size_t        n;
  int           good = 0;

  if (public_key && context && file && length > 0)
    good = EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, public_key) == 1;
  while (good && (n = fread(buffer, 1, sizeof buffer, file)) > 0)
    good = EVP_DigestVerifyUpdate(context, buffer, n) == 1;
  good = good && !ferror(file) && EVP_DigestVerifyFinal(context, bytes, length) == 1;
  if (file) (void)fclose(file);
  EVP_MD_CTX_free(context);
  EVP_PKEY_free(public_key);
  if (!public_key) return HEAT_SIGNATURE_NO_KEY;
  return good ? HEAT_SIGNATURE_GOOD : HEAT_SIGNATURE_BAD;
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
