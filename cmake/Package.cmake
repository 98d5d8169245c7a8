# What is installed beside the program, the manual page and what lies in folders of its own, and the Debian package:
# cpack -G DEB, in a build folder of the preset release.

# One of them compressed, as Debian has them, and the same each time.
function(install_compressed FILE NAME DIRECTORY)
  add_custom_command(OUTPUT ${PROJECT_BINARY_DIR}/${NAME}.gz DEPENDS ${FILE} VERBATIM
    COMMAND gzip -9nc ${FILE} > ${PROJECT_BINARY_DIR}/${NAME}.gz)
  add_custom_target(compressed-${NAME} ALL DEPENDS ${PROJECT_BINARY_DIR}/${NAME}.gz)
  install(FILES ${PROJECT_BINARY_DIR}/${NAME}.gz DESTINATION ${DIRECTORY})
endfunction()

install_compressed(${PROJECT_SOURCE_DIR}/docs/checkpointfs.1 checkpointfs.1 ${CMAKE_INSTALL_MANDIR}/man1)
install_compressed(${PROJECT_SOURCE_DIR}/docs/checkpointfs-tree.7 checkpointfs-tree.7 ${CMAKE_INSTALL_MANDIR}/man7)
install_compressed(${PROJECT_SOURCE_DIR}/docs/mount.checkpointfs.8 mount.checkpointfs.8 ${CMAKE_INSTALL_MANDIR}/man8)
install_compressed(${PROJECT_SOURCE_DIR}/CHANGELOG.md changelog ${CMAKE_INSTALL_DOCDIR})

# With the folders that README's links lead to.
install(FILES README.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY docs DESTINATION ${CMAKE_INSTALL_DOCDIR}
  FILES_MATCHING PATTERN *.md PATTERN *.png)
install(DIRECTORY examples DESTINATION ${CMAKE_INSTALL_DOCDIR} USE_SOURCE_PERMISSIONS
  PATTERN completion.* EXCLUDE
  PATTERN quickstart.sh EXCLUDE # these two build the program
  PATTERN kafka.sh EXCLUDE)
install(FILES examples/completion.bash RENAME checkpointfs
  DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
install(FILES examples/completion.fish RENAME checkpointfs.fish
  DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
install(FILES examples/completion.zsh RENAME _checkpointfs
  DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
install(FILES packaging/mime/checkpointfs.xml DESTINATION ${CMAKE_INSTALL_DATADIR}/mime/packages)
# systemd looks there whatever a library's folder is.
install(FILES packaging/systemd/system/checkpointfs@.service DESTINATION lib/systemd/system)
install(FILES packaging/systemd/user/checkpointfs@.service DESTINATION lib/systemd/user)
install(PROGRAMS packaging/mount.checkpointfs DESTINATION ${CMAKE_INSTALL_SBINDIR})

add_custom_target(uninstall VERBATIM
  COMMAND ${CMAKE_COMMAND} -P ${PROJECT_SOURCE_DIR}/cmake/Uninstall.cmake
  COMMENT "Removing what install_manifest.txt lists")

# The day of the release is that of the changelog's newest one.
file(STRINGS CHANGELOG.md releases REGEX "^## [0-9.]+ - [0-9-]+$")
list(GET releases 0 release)
string(REGEX REPLACE ".* - " "" RELEASE_DAY ${release})
execute_process(COMMAND date -u -d ${RELEASE_DAY} +%s OUTPUT_VARIABLE RELEASE_SECONDS
  OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND env LC_ALL=C date -u -R -d ${RELEASE_DAY} OUTPUT_VARIABLE RELEASE_DATE
  OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)

set(CPACK_GENERATOR DEB)
# With the name of a component, which all is in, cpack leaves install_manifest.txt to cmake --install.
set(CPACK_INSTALL_CMAKE_PROJECTS "${PROJECT_BINARY_DIR};checkpointfs;Unspecified;/")
set(CPACK_PACKAGE_VENDOR "The checkpointfs authors")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "checkpoints of stream consumers as files")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
"Mounts a directory in which the checkpoints of stream consumers, and the
records that they consume, are files: reading one asks for the position that
a consumer has committed on a partition, and writing it commits another.
.
Behind a mount stands an embedded store, Apache Kafka, Huawei Cloud DIS or
Alibaba Cloud SLS.")
set(PACKAGE_MAINTAINER "The checkpointfs authors <maintainers@checkpointfs.invalid>" CACHE STRING
  "Who the Debian package says maintains it")
set(CPACK_DEBIAN_PACKAGE_MAINTAINER ${PACKAGE_MAINTAINER})
set(CPACK_DEBIAN_PACKAGE_RELEASE 0.1) # one of Debian's own would be newer
set(CPACK_DEBIAN_PACKAGE_SECTION utils)
set(CPACK_DEBIAN_PACKAGE_DEPENDS fuse3)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS ca-certificates)
set(CPACK_DEBIAN_PACKAGE_SUGGESTS jq)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${PROJECT_SOURCE_DIR}/packaging/debian/postinst
  ${PROJECT_SOURCE_DIR}/packaging/debian/prerm ${PROJECT_SOURCE_DIR}/packaging/debian/postrm)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE
  WORLD_READ WORLD_EXECUTE)
set(CPACK_STRIP_FILES ON)
configure_file(packaging/debian/changelog.in changelog.Debian @ONLY)
configure_file(cmake/PackageOptions.cmake.in PackageOptions.cmake @ONLY)
set(CPACK_PROJECT_CONFIG_FILE ${PROJECT_BINARY_DIR}/PackageOptions.cmake)
set(CPACK_PRE_BUILD_SCRIPTS ${PROJECT_SOURCE_DIR}/cmake/PackageFiles.cmake)
include(CPack)
