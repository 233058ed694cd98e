/** SHA-256, signatures, and bytes as base64 text, by OpenSSL's libcrypto.  Nothing here is
 *  collective. */
#ifndef HEAT_APP_CRYPTO_H
#define HEAT_APP_CRYPTO_H

#include "solver/base/error.h"
#include <stddef.h>

enum { HEAT_SHA256_BYTES = 32 };

/** Compute SHA-256 of part1 followed by part2.
 *  Errors: PETSC_ERR_LIB if the library cannot. */
PetscErrorCode HeatSha256(size_t n1, const void *part1, size_t n2, const void *part2,
                          unsigned char hash[HEAT_SHA256_BYTES]);

/** Compute SHA-256 of a whole file.
 *  Errors: PETSC_ERR_FILE_OPEN, PETSC_ERR_FILE_READ. */
PetscErrorCode HeatSha256File(const char *path, unsigned char hash[HEAT_SHA256_BYTES]);

/** What is found about a signature. */
typedef enum { HEAT_SIGNATURE_GOOD, HEAT_SIGNATURE_BAD, HEAT_SIGNATURE_NO_KEY } HeatSignature;

/** Verify a signature over the bytes of a whole file, as `openssl dgst -sha256 -sign` makes it.
 *  Return HEAT_SIGNATURE_NO_KEY where `key` cannot be read or holds no public key.
 *  @param[in] signature  file with the signature
 *  @param[in] key        file with the public key in PEM */
HeatSignature HeatSignatureVerify(const char *path, const char *signature, const char *key);

/** The size [bytes] of n bytes as base64 text, with the terminating zero. */
#define HEAT_BASE64_ROOM(n) (4 * (((n) + 2) / 3) + 1)

/** Write n bytes as base64 text[HEAT_BASE64_ROOM(n)]. */
void HeatBase64Write(int n, const unsigned char *bytes, char *text);

/** Read n bytes from base64 text.  Return false if the length of the text is not that of n bytes,
 *  or the text is not base64.
 *  @param[out] bytes  [n + 2] */
PetscBool HeatBase64Read(const char *text, int n, unsigned char *bytes);

#endif
