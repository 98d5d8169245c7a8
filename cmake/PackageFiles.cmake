# Run by cpack when all is installed below CPACK_TEMPORARY_DIRECTORY: what a Debian package alone has, and has elsewhere.
set(share ${CPACK_TEMPORARY_DIRECTORY}/usr/share)

file(COPY_FILE ${PACKAGE_COPYRIGHT} ${share}/doc/checkpointfs/copyright)
file(CHMOD ${share}/doc/checkpointfs/copyright PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)
execute_process(COMMAND gzip -9nc ${PACKAGE_CHANGELOG} OUTPUT_FILE ${share}/doc/checkpointfs/changelog.Debian.gz
  COMMAND_ERROR_IS_FATAL ANY)
file(MAKE_DIRECTORY ${share}/zsh/vendor-completions)
file(RENAME ${share}/zsh/site-functions/_checkpointfs ${share}/zsh/vendor-completions/_checkpointfs)
file(REMOVE_RECURSE ${share}/zsh/site-functions)

# What the umask and the checkout of the sources decide.
execute_process(COMMAND chmod -R go-w,u+rwX,go+rX ${CPACK_TEMPORARY_DIRECTORY} COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND find ${CPACK_TEMPORARY_DIRECTORY} -exec touch -h -d @$ENV{SOURCE_DATE_EPOCH} {} +
  COMMAND_ERROR_IS_FATAL ANY)
