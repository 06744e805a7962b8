# Findcpp-httplib: the imported target cpp-httplib::cpp-httplib, however the library was installed:
# with its own CMake package (httplib), with a pkg-config file (as distributions build it, a header
# and a compiled part), or as the single header alone.
#
# What the header declares depends on macros, so those of a compiled part must be the ones it was
# built with. pkg-config knows them. With the single header, TLS is on where OpenSSL is found.

include(FindPackageHandleStandardArgs)

set(cpp-httplib_SOURCE "")
if(TARGET cpp-httplib::cpp-httplib)
  set(cpp-httplib_SOURCE "a target of this build")
endif()

if(NOT cpp-httplib_SOURCE)
  find_package(httplib CONFIG QUIET)
  if(TARGET httplib::httplib)
    add_library(cpp-httplib::cpp-httplib INTERFACE IMPORTED)
    target_link_libraries(cpp-httplib::cpp-httplib INTERFACE httplib::httplib)
    set(cpp-httplib_SOURCE "${httplib_DIR}")
    set(cpp-httplib_VERSION "${httplib_VERSION}")
  endif()
endif()

if(NOT cpp-httplib_SOURCE)
  find_package(PkgConfig QUIET)
  if(PkgConfig_FOUND)
    pkg_check_modules(cpp_httplib_pkg QUIET IMPORTED_TARGET cpp-httplib)
  endif()
  if(TARGET PkgConfig::cpp_httplib_pkg)
    add_library(cpp-httplib::cpp-httplib INTERFACE IMPORTED)
    target_link_libraries(cpp-httplib::cpp-httplib INTERFACE PkgConfig::cpp_httplib_pkg)
    if(cpp_httplib_pkg_CFLAGS MATCHES "CPPHTTPLIB_OPENSSL_SUPPORT")
      find_package(OpenSSL REQUIRED)  # the header includes OpenSSL's
      target_link_libraries(cpp-httplib::cpp-httplib INTERFACE OpenSSL::SSL OpenSSL::Crypto)
    endif()
    set(cpp-httplib_SOURCE "pkg-config")
    set(cpp-httplib_VERSION "${cpp_httplib_pkg_VERSION}")
  endif()
endif()

if(NOT cpp-httplib_SOURCE)
  find_path(cpp-httplib_INCLUDE_DIR httplib.h)
  mark_as_advanced(cpp-httplib_INCLUDE_DIR)
  if(cpp-httplib_INCLUDE_DIR)
    # A header that was split from its compiled part has no function bodies, and cannot do alone.
    file(STRINGS "${cpp-httplib_INCLUDE_DIR}/httplib.h" cpp_httplib_body
         REGEX "^inline .*Server::listen_internal\\(")
  endif()
  if(cpp_httplib_body)
    find_package(Threads REQUIRED)
    find_package(OpenSSL QUIET)
    add_library(cpp-httplib::cpp-httplib INTERFACE IMPORTED)
    target_include_directories(cpp-httplib::cpp-httplib INTERFACE "${cpp-httplib_INCLUDE_DIR}")
    target_link_libraries(cpp-httplib::cpp-httplib INTERFACE Threads::Threads)
    if(OpenSSL_FOUND)
      target_compile_definitions(cpp-httplib::cpp-httplib INTERFACE CPPHTTPLIB_OPENSSL_SUPPORT)
      target_link_libraries(cpp-httplib::cpp-httplib INTERFACE OpenSSL::SSL OpenSSL::Crypto)
    endif()
    set(cpp-httplib_SOURCE "${cpp-httplib_INCLUDE_DIR}")
    file(STRINGS "${cpp-httplib_INCLUDE_DIR}/httplib.h" cpp_httplib_version
         REGEX "^#define CPPHTTPLIB_VERSION \"")
    string(REGEX REPLACE ".*\"(.*)\".*" "\\1" cpp-httplib_VERSION "${cpp_httplib_version}")
  endif()
endif()

find_package_handle_standard_args(cpp-httplib REQUIRED_VARS cpp-httplib_SOURCE
                                  VERSION_VAR cpp-httplib_VERSION)
