# Builds the consumer against SOURCE: MODE install puts the library into a prefix first, MODE
# subdirectory adds it as it is. BINARY is a scratch directory, CXX the compiler.

function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE result OUTPUT_VARIABLE out ERROR_VARIABLE out)
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "${ARGN} ended with ${result}:\n${out}")
  endif()
endfunction()

file(REMOVE_RECURSE "${BINARY}")
set(options -G Ninja -DCMAKE_CXX_COMPILER=${CXX} -DCMAKE_BUILD_TYPE=Debug)
if(MODE STREQUAL "install")
  run(${CMAKE_COMMAND} -S ${SOURCE} -B ${BINARY}/library ${options} -DPUNCTUAL_BUILD_TESTS=OFF
      -DPUNCTUAL_BUILD_EXAMPLES=OFF)
  run(${CMAKE_COMMAND} --install ${BINARY}/library --prefix ${BINARY}/prefix)
  run(${CMAKE_COMMAND} -S ${SOURCE}/tests/consumer -B ${BINARY}/consumer ${options}
      -DCMAKE_PREFIX_PATH=${BINARY}/prefix)
else()
  run(${CMAKE_COMMAND} -S ${SOURCE}/tests/consumer -B ${BINARY}/consumer ${options}
      -DPUNCTUAL_SOURCE_DIR=${SOURCE})
endif()
run(${CMAKE_COMMAND} --build ${BINARY}/consumer)
run(${BINARY}/consumer/consumer_core)
run(${BINARY}/consumer/consumer_adapters)
