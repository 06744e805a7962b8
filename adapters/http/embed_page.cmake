# Writes a C++ header that holds the files of a folder: embed_page.cmake is included, and
# punctual_embed_page(<folder> <header>) called. The header is written anew when a file changes.

function(punctual_embed_page folder header)
  file(GLOB files CONFIGURE_DEPENDS "${folder}/*.html" "${folder}/*.css" "${folder}/*.js"
       "${folder}/*.svg")
  set(type_html "text/html; charset=utf-8")
  set(type_css "text/css; charset=utf-8")
  set(type_js "text/javascript; charset=utf-8")
  set(type_svg "image/svg+xml")
  set(entries "")
  foreach(file IN LISTS files)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${file}")
    get_filename_component(name "${file}" NAME)
    get_filename_component(extension "${file}" LAST_EXT)
    string(SUBSTRING "${extension}" 1 -1 extension)
    file(READ "${file}" bytes HEX)
    # Every byte is escaped, so nothing in a file can end the literal.
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "\\\\x\\1" bytes "${bytes}")
    string(REPEAT "." 96 line)  # 24 bytes
    string(REGEX REPLACE "(${line})" "\\1\"\n     \"" bytes "${bytes}")
    file(SIZE "${file}" size)
    string(APPEND entries
           "    {\"${name}\", \"${type_${extension}}\",\n     {\"${bytes}\",\n      ${size}}},\n")
  endforeach()
  string(CONCAT text
    "// SPDX-License-Identifier: MIT\n//\n"
    "// The files of the Background Jobs page. Made by CMake from adapters/http/page.\n\n"
    "#pragma once\n\n#include <string_view>\n\n"
    "namespace punctual::http {\n\n"
    "struct PageFile {\n  std::string_view name;\n  std::string_view type;\n"
    "  std::string_view content;\n};\n\n"
    "inline constexpr PageFile page_files[] = {\n${entries}};\n\n"
    "}  // namespace punctual::http\n")
  file(CONFIGURE OUTPUT "${header}" CONTENT "@text@" @ONLY)
endfunction()
