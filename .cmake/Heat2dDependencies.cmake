# Find the libraries that heat2d needs (MPI, PETSc, parallel HDF5, libfyaml, muParser, cJSON, hwloc, zlib, libcrypto, Random123), and
# check that the compiler wrapper, PETSc and HDF5 use one MPI.

# What is not found is collected, so that one message names all of it: on a cluster much may be missing at once.
set(missing "")
macro(heat2d_missing library searched debian spack)
  string(APPEND missing "\n  ${library}: no ${searched} (Debian: ${debian}; Spack: ${spack})")
endmacro()

# Find a library by its pkg-config module, as PkgConfig::PREFIX.
macro(heat2d_module prefix module library debian spack)
  pkg_check_modules(${prefix} QUIET IMPORTED_TARGET "${module}")
  if(${prefix}_FOUND)
    message(STATUS "Found ${library}: version ${${prefix}_VERSION}")
  else()
    heat2d_missing("${library}" "pkg-config module ${module}" ${debian} ${spack})
  endif()
endmacro()

set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
find_package(MPI COMPONENTS C)
if(NOT MPI_C_FOUND)
  heat2d_missing("MPI" "compiler wrapper that works; set MPI_C_COMPILER to its mpicc" libmpich-dev mpich)
endif()
find_package(PkgConfig)
if(NOT PKG_CONFIG_FOUND)
  message(FATAL_ERROR "pkg-config was not found; it finds PETSc and other libraries (Debian: pkg-config; Spack: pkgconf)")
endif()

if(HEAT2D_PETSC_PKGCONFIG)
  set(ENV{PKG_CONFIG_PATH} "${HEAT2D_PETSC_PKGCONFIG}:$ENV{PKG_CONFIG_PATH}")
elseif(DEFINED ENV{PETSC_DIR})
  set(ENV{PKG_CONFIG_PATH}
    "$ENV{PETSC_DIR}/$ENV{PETSC_ARCH}/lib/pkgconfig:$ENV{PETSC_DIR}/lib/pkgconfig:$ENV{PKG_CONFIG_PATH}")
endif()
heat2d_module(PETSC PETSc>=3.18 PETSc petsc-dev petsc)
heat2d_module(FYAML libfyaml libfyaml libfyaml-dev libfyaml)
heat2d_module(CJSON libcjson cJSON libcjson-dev cjson)
heat2d_module(CRYPTO libcrypto "OpenSSL's libcrypto" libssl-dev openssl) # SHA-256 of the reference workload
heat2d_module(MUPARSER muparser muParser libmuparser-dev muparser)
heat2d_module(HWLOC hwloc>=2.1 hwloc libhwloc-dev hwloc)
find_path(HEAT2D_RANDOM123 Random123/philox.h) # counter-based random numbers of the reference workload
if(NOT HEAT2D_RANDOM123)
  heat2d_missing("Random123" "header Random123/philox.h" librandom123-dev random123)
endif()
find_package(ZLIB)
if(NOT ZLIB_FOUND)
  heat2d_missing("zlib" "header zlib.h with libz" zlib1g-dev zlib-api)
endif()
set(HDF5_PREFER_PARALLEL ON)
find_package(HDF5 COMPONENTS C)
if(NOT HDF5_FOUND)
  heat2d_missing("parallel HDF5" "h5pcc or hdf5.h; set HDF5_ROOT to its folder" libhdf5-mpich-dev hdf5+mpi)
endif()

if(missing)
  message(FATAL_ERROR "heat2d needs libraries that were not found:${missing}\n"
    "Install them, or load their modules. Where they are installed in a folder of their own, PREFIX, "
    "add PREFIX/lib/pkgconfig to PKG_CONFIG_PATH and PREFIX to CMAKE_PREFIX_PATH. "
    "README.md, \"On a cluster\", shows how to build them without root.")
endif()

if(NOT HDF5_IS_PARALLEL)
  message(FATAL_ERROR
    "The HDF5 found (${HDF5_INCLUDE_DIRS}) is a serial build. heat2d needs a parallel HDF5 built with the "
    "MPI of ${MPI_C_COMPILER}. Set HDF5_ROOT to its folder, e.g. -DHDF5_ROOT=/usr/lib/x86_64-linux-gnu/hdf5/mpich")
endif()
add_library(heat2d_hdf5 INTERFACE IMPORTED)
target_include_directories(heat2d_hdf5 SYSTEM INTERFACE ${HDF5_C_INCLUDE_DIRS})
target_link_libraries(heat2d_hdf5 INTERFACE ${HDF5_C_LIBRARIES})

# Check that a program with MPI, PETSc and HDF5 links with one MPI only: a PETSc or HDF5 built with another MPI can link
# without an error and then hang.  The result is cached until one of them changes.
function(heat2d_check_one_mpi)
  if(DEFINED CACHE{HEAT2D_ONE_MPI} AND "$CACHE{HEAT2D_ONE_MPI}" STREQUAL
      "${MPI_C_COMPILER};${PETSC_LIBRARY_DIRS};${HDF5_C_LIBRARIES}")
    return()
  endif()
  set(probe "${CMAKE_BINARY_DIR}/CMakeFiles/one_mpi")
  file(WRITE "${probe}.c" "
    #include <petscsys.h>
    #include <hdf5.h>
    #include <mpi.h>
    int main(int argc, char **argv)
    {
      if (PetscInitialize(&argc, &argv, NULL, NULL)) return 1;
      if (H5open() < 0) return 1;
      return PetscFinalize();
    }\n")
  try_compile(linked "${CMAKE_BINARY_DIR}/CMakeFiles/one_mpi_build" SOURCES "${probe}.c"
    LINK_LIBRARIES PkgConfig::PETSC heat2d_hdf5 MPI::MPI_C
    OUTPUT_VARIABLE output COPY_FILE "${probe}")
  set(remedy "The compiler wrapper (${MPI_C_COMPILER}), PETSc (${PETSC_LIBDIR}) and HDF5 "
    "(${HDF5_C_INCLUDE_DIRS}) must be built with the same MPI. Choose them with MPI_C_COMPILER, "
    "HEAT2D_PETSC_PKGCONFIG or PETSC_DIR, and HDF5_ROOT.")
  list(JOIN remedy "" remedy)
  if(NOT linked)
    if(output MATCHES "appears to be compiling|compiling using a|non-MPICH|non-Open|undefined reference to .(MPI|ompi)_")
      message(FATAL_ERROR "Two MPIs in one program. ${remedy}\n${output}")
    endif()
    message(FATAL_ERROR "A program with MPI, PETSc and HDF5 does not build. ${remedy}\n${output}")
  endif()
  find_program(LDD ldd)
  if(LDD)
    execute_process(COMMAND "${LDD}" "${probe}" OUTPUT_VARIABLE libraries ERROR_QUIET)
    string(REGEX MATCHALL "lib(mpich|mpi|mpi_intel|mpi_cray)\\.so[.0-9]*" mpis "${libraries}")
    list(REMOVE_DUPLICATES mpis)
    list(LENGTH mpis count)
    if(count GREATER 1)
      list(JOIN mpis " and " mpis)
      message(FATAL_ERROR "Two MPIs in one program: ${mpis}. ${remedy}")
    endif()
  endif()
  set(HEAT2D_ONE_MPI "${MPI_C_COMPILER};${PETSC_LIBRARY_DIRS};${HDF5_C_LIBRARIES}" CACHE INTERNAL "")
endfunction()
heat2d_check_one_mpi()
