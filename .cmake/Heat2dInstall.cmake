# Rules for cmake --install: the program, the cases, the postprocess package, the documents, and the solver as a library
# with an exported package (find_package(heat2d) provides heat2d::solver).
include(CMakePackageConfigHelpers)

install(TARGETS heat2d RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(TARGETS heat2d_solver EXPORT heat2dTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY solver/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/heat2d/solver
  FILES_MATCHING PATTERN "*.h" PATTERN "*_impl.h" EXCLUDE)
install(DIRECTORY inputs postprocess DESTINATION ${CMAKE_INSTALL_DATADIR}/heat2d
  PATTERN "__pycache__" EXCLUDE)
install(FILES LICENSE README.md CHANGELOG.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(EXPORT heat2dTargets NAMESPACE heat2d:: FILE heat2dTargets.cmake
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/heat2d)
set_target_properties(heat2d_solver PROPERTIES EXPORT_NAME solver)

configure_package_config_file(.cmake/heat2dConfig.cmake.in heat2dConfig.cmake
  INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/heat2d)
write_basic_package_version_file(heat2dConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES "${CMAKE_BINARY_DIR}/heat2dConfig.cmake" "${CMAKE_BINARY_DIR}/heat2dConfigVersion.cmake"
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/heat2d)
