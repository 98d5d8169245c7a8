# What a program is compiled with that others use: it meets hostile input, and its file must be the same whatever folder
# it was built in. For builds without debugging and sanitizers, neither of which go well with it.
include(CheckCCompilerFlag)

add_compile_options(-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 -fPIE -ffile-prefix-map=${PROJECT_SOURCE_DIR}/=
  -ffile-prefix-map=${PROJECT_BINARY_DIR}/=)
add_link_options(-pie)

# Each processor has some of these.
foreach(flag -fstack-clash-protection -fcf-protection -mbranch-protection=standard)
  string(MAKE_C_IDENTIFIER "HAS${flag}" known)
  set(CMAKE_REQUIRED_FLAGS -Werror)
  check_c_compiler_flag(${flag} ${known})
  if(${known})
    add_compile_options(${flag})
  endif()
endforeach()
unset(CMAKE_REQUIRED_FLAGS)
