# Turns a text file into a C++ source that defines `const std::string_view sessync::manifest::NAME`.
#
#   cmake -DINPUT=file -DOUTPUT=file.cpp -DNAME=kFile -P embed.cmake
#
# The source that uses it declares `extern const std::string_view NAME` in the namespace.
file(READ "${INPUT}" text)
set(end "sessync_embed")
string(FIND "${text}" ")${end}\"" position)
if(NOT position EQUAL -1)
  message(FATAL_ERROR "${INPUT} contains the delimiter of the string that it becomes")
endif()
file(
  WRITE "${OUTPUT}"
  "#include <string_view>\n\nnamespace sessync::manifest {\nextern const std::string_view ${NAME};\n"
  "const std::string_view ${NAME} = R\"${end}(${text})${end}\";\n}  // namespace sessync::manifest\n")
