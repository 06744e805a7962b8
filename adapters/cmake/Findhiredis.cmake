# Findhiredis: the imported target hiredis::hiredis, however the library was installed: with its own
# CMake package (from release 1.0 on), or as header and library alone, as distributions have older
# ones.

include(FindPackageHandleStandardArgs)

set(hiredis_SOURCE "")
if(TARGET hiredis::hiredis)
  set(hiredis_SOURCE "a target of this build")
endif()

if(NOT hiredis_SOURCE)
  find_package(hiredis CONFIG QUIET GLOBAL)
  if(TARGET hiredis::hiredis)
    set(hiredis_SOURCE "${hiredis_DIR}")
  endif()
endif()

if(NOT hiredis_SOURCE)
  find_path(hiredis_INCLUDE_DIR hiredis/hiredis.h)
  find_library(hiredis_LIBRARY hiredis)
  mark_as_advanced(hiredis_INCLUDE_DIR hiredis_LIBRARY)
  if(hiredis_INCLUDE_DIR AND hiredis_LIBRARY)
    add_library(hiredis::hiredis INTERFACE IMPORTED GLOBAL)
    target_include_directories(hiredis::hiredis INTERFACE "${hiredis_INCLUDE_DIR}")
    target_link_libraries(hiredis::hiredis INTERFACE "${hiredis_LIBRARY}")
    set(hiredis_SOURCE "${hiredis_LIBRARY}")
  endif()
endif()

find_package_handle_standard_args(hiredis REQUIRED_VARS hiredis_SOURCE)
