# Compiles FILE with CXX and INCLUDE, and wants a refusal that holds the words of its first line.

file(STRINGS "${FILE}" first LIMIT_COUNT 1)
string(REGEX REPLACE "^// expect: " "" expected "${first}")
execute_process(COMMAND ${CXX} -std=c++20 -fsyntax-only -I${INCLUDE} ${FILE}
                RESULT_VARIABLE result OUTPUT_VARIABLE out ERROR_VARIABLE out)
if(result EQUAL 0)
  message(FATAL_ERROR "${FILE} compiles, and should not")
endif()
if(NOT out MATCHES "${expected}")
  message(FATAL_ERROR "${FILE} is refused, but not with \"${expected}\":\n${out}")
endif()
