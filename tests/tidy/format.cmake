# Wants every C++ file as clang-format writes it; tests/design keeps the words of the design.
execute_process(COMMAND git ls-files *.hpp *.cpp WORKING_DIRECTORY ${SOURCE} OUTPUT_VARIABLE files
                OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
string(REPLACE "\n" ";" files "${files}")
list(FILTER files EXCLUDE REGEX "^tests/design/")
execute_process(COMMAND ${CLANG_FORMAT} --dry-run -Werror ${files} WORKING_DIRECTORY ${SOURCE}
                COMMAND_ERROR_IS_FATAL ANY)
